/** A request to the service, outside of any measure. */

/**
 * @param {import('./stage.mjs').Service} service
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<{ status: number, body: Record<string, unknown> }>}
 */
export async function call (service, method, path, body) {
  const response = await fetch(service.url + path, {
    method,
    body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${service.key}`, ...(body && { 'content-type': 'application/json' }) },
  })
  return { status: response.status, body: /** @type {Record<string, unknown>} */ (await response.json()) }
}
