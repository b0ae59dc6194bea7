import { createApiKey } from '../../../src/auth/api-keys.ts'

/** The words of all hostile requests. Each part of the table is a file beside this one. */

/** Of a caller who may do everything. */
export const { key: KEY, entry: KEY_ENTRY } = createApiKey('shop', 'read+write+ops')

export const AUTHORIZATION = `Authorization: Bearer ${KEY}`

/** A ticket that is there. */
export const EXISTING = 7

/** A ticket that is not there, for writes. */
export const ABSENT = 8

/**
 * What a hostile request is, and what comes of it.
 *
 * `request`: what is written to the connection, as Latin-1 where it is text; or a request that Node's own client makes.
 * `expected`: status, code, and whether the connection is open or closed after it: `400 validation_failed closed`.
 * `- -` in place of the first two: the connection is closed without an answer.
 */
export interface Entry {
  name: string
  request: string | Buffer | HttpRequest
  expected: string
  /** The caller sends no more after it, and says so. */
  isHalfClosed?: boolean
  /** What stands in `errors`, where one value of the request is wrong. */
  pointer?: string
}

export interface HttpRequest { method: string, path: string, headers?: Record<string, string | string[]>, body?: string | Buffer }

export const entry = (name: string, request: Entry['request'], expected: string, rest: Partial<Entry> = {}): Entry => ({ name, request, expected, ...rest })

/** A request as text. Host and a valid key are sent where the hostile part is elsewhere. */
export function raw (requestLine: string, headers: string[] = [], body = ''): string {
  return [requestLine, 'Host: tickets.test', AUTHORIZATION, ...headers, '', body].join('\r\n')
}

/** A POST of a new ticket, as text. */
export const rawPost = (headers: string[], body = ''): string => raw(`POST /tickets/${ABSENT} HTTP/1.1`, ['Content-Type: application/json', ...headers], body)

/** What would be a good body. */
export const GOOD = '{"customer_id":1}'

/** A POST of a new ticket by Node's client. */
export const post = (body: string | Buffer, headers: HttpRequest['headers'] = {}, path = `/tickets/${ABSENT}`): HttpRequest =>
  ({ method: 'POST', path, body, headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers } })

export const patch = (body: string | Buffer, headers: HttpRequest['headers'] = {}): HttpRequest => ({ ...post(body, headers, `/tickets/${EXISTING}`), method: 'PATCH' })

export const get = (path: string, headers: HttpRequest['headers'] = {}): HttpRequest =>
  ({ method: 'GET', path, headers: { authorization: `Bearer ${KEY}`, ...headers } })
