/**
 * Templates of requests, as bench/lua/requests.lua fills them: {new} is an id that no other request has, {known} one of
 * a ticket that is there, {same} repeats it.
 */

/** All ids are as long as this one, so that it can stand for them in a Content-Length. */
export const FIRST_ID = 1_000_000_000_000

/** The usual ticket of all measures. */
export const TICKET = { customer_id: 123, subject: 'Order issue', status: 'open', priority: 'high' }

function template (method: string, path: string, { key, body, type = 'application/json', more = [] }: { key?: string | undefined, body?: string, type?: string, more?: string[] } = {}): string {
  const headers = [
    'Host: 127.0.0.1',
    ...more,
    ...(key ? [`Authorization: Bearer ${key}`] : []),
    ...(body === undefined ? [] : [`Content-Type: ${type}`, `Content-Length: ${lengthOf(body)}`]),
  ]
  return `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body ?? ''}`
}

const lengthOf = (body: string) => Buffer.byteLength(body.replaceAll(/\{(new|known|same)\}/g, String(FIRST_ID)))

export const create = (key: string) => template('POST', '/tickets/{new}', { key, body: JSON.stringify(TICKET) })

/** Each changes the status: one after the other, no ticket is left as it was. */
export const changes = (key: string, more: string[] = []) => ['pending', 'on-hold', 'open'].map(status => template('PATCH', '/tickets/{known}', { key, body: JSON.stringify({ status }), more }))

/** Whose answers have no body. */
export const minimalChanges = (key: string) => changes(key, ['Prefer: return=minimal'])

/** Of a field that no index has. */
export const reprioritizations = (key: string) => ['low', 'urgent', 'high'].map(priority => template('PATCH', '/tickets/{known}', { key, body: JSON.stringify({ priority }) }))

/** The first page of the open tickets of each agent. */
export const listsOf = (agents: number, key: string) => Array.from({ length: agents }, (_, i) => template('GET', `/tickets?status=open&assigned_to=${i + 1}&limit=50`, { key }))

/** What changed last: no index has that order, and all unsynced tickets are gone through. */
export const LATEST = '/tickets?sort=-updated_at&limit=50'

export const latest = (key: string) => template('GET', LATEST, { key })

export const counts = (key: string) => template('GET', '/tickets/counts?group_by=status', { key })

export const read = (key: string) => template('GET', '/tickets/{known}', { key })

export function createBatch (size: number, key: string): string {
  const operation = JSON.stringify({ op: 'create', ticket_id: 0, ...TICKET }).replace('"ticket_id":0', '"ticket_id":{new}')
  return template('POST', '/tickets/batch', { key, body: `{"operations":[${Array(size).fill(operation).join(',')}]}` })
}

/** The hash that the service writes for the usual ticket, as one command for Webdis. */
export function webdisCreate (): string {
  const now = Date.now()
  const seconds = Math.floor(now / 1000)
  const fields = { ticket_id: '{same}', version: now, created_at: seconds, updated_at: seconds, ...TICKET }
  const words = ['HSET', 'ticket:{new}', ...Object.entries(fields).flat()]
  return template('POST', '/', { body: words.map(word => encodeURI(String(word)).replaceAll('%7B', '{').replaceAll('%7D', '}')).join('/'), type: 'text/plain' })
}

/** A page about a ticket. */
export const pageOf = (path: string, id: 'new' | 'known' = 'new') => template('GET', `${path}?id={${id}}`)
