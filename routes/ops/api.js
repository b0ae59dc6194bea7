/** Requests to the service that this page came from. */

/** The service's root, also where a proxy serves it below a path. */
const ROOT = new URL('../', import.meta.url)

/** The service answers within seconds whatever is down; a longer silence is that of a network. */
const READ_TIMEOUT_MS = 10_000

/** An answer that is not the one that was asked for; `status` 0: there was none. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message for people
   * @param {{ code?: string, retryAfterMs?: number, findings?: { pointer: string, message: string }[] }} [details] findings: what of the request is not valid
   */
  constructor (status, message, { code = '', retryAfterMs = 0, findings = [] } = {}) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
    this.findings = findings
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {string | null} key
 * @param {object} [body]
 */
async function send (method, path, key, body) {
  try {
    return await fetch(new URL(path, ROOT), {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
      // The key says who it is; a browser's own cookies and passwords stay out of it.
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      // A flush of everything may take long, and is not given up.
      ...(method === 'GET' && { signal: AbortSignal.timeout(READ_TIMEOUT_MS) }),
    })
  } catch {
    throw new ApiError(0, 'The service does not answer.')
  }
}

/** @param {Response} response */
async function toError (response) {
  const problem = await response.json().catch(() => ({}))
  return new ApiError(response.status, problem.detail ?? `The service answered ${response.status}.`, {
    code: problem.code,
    findings: problem.errors,
    retryAfterMs: (Number(response.headers.get('retry-after')) || 0) * 1000,
  })
}

/** @param {Response} response */
async function read (response) {
  try {
    const isText = response.headers.get('content-type')?.startsWith('text/plain')
    return isText ? await response.text() : await response.json()
  } catch {
    throw new ApiError(0, 'The answer of the service ended half way.')
  }
}

/**
 * @param {() => string | null} getKey
 */
export function createApi (getKey) {
  return {
    /** @param {string} path */
    async get (path) {
      const response = await send('GET', path, getKey())
      if (!response.ok) throw await toError(response)
      return await read(response)
    },

    /** Also while the service is not ready: that is an answer, not an error. */
    async health () {
      const response = await send('GET', 'health/ready', getKey())
      const isAnswer = response.ok || (response.status === 503 && !response.headers.get('content-type')?.includes('problem'))
      if (!isAnswer) throw await toError(response)
      return await read(response)
    },

    /**
     * @param {string} path
     * @param {object} [body]
     */
    async post (path, body) {
      const response = await send('POST', path, getKey(), body)
      if (!response.ok) throw await toError(response)
      return await read(response)
    },
  }
}

/** @typedef {ReturnType<typeof createApi>} Api */
