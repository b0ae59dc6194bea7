/**
 * Every coded error of the service. A code is stable: callers branch on it, so it is never reused
 * for another meaning. The wire format is RFC 9457, `application/problem+json`.
 */
export const PROBLEMS = {
  validation_failed: { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'The request bears no valid API key' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  not_found: { status: 404, title: 'There is no such route' },
  ticket_not_found: { status: 404, title: 'There is no such ticket' },
  method_not_allowed: { status: 405, title: 'The route does not know this method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  ticket_deleted: { status: 410, title: 'The ticket was deleted' },
  cursor_expired: { status: 410, title: 'The cursor is too old, or of another Redis' },
  ticket_exists: { status: 409, title: 'The ticket exists already' },
  version_conflict: { status: 412, title: 'The ticket has another version' },
  payload_too_large: { status: 413, title: 'The request body is too large' },
  unsupported_media_type: { status: 415, title: 'The request body must be JSON, in UTF-8 and not compressed' },
  webhook_not_found: { status: 404, title: 'There is no such webhook' },
  erasure_not_found: { status: 404, title: 'There is no such erasure' },
  journal_entry_not_found: { status: 404, title: 'There is no such journal entry' },
  journal_entry_pending: { status: 409, title: 'The journal entry cannot be resolved now' },
  idempotency_mismatch: { status: 422, title: 'The Idempotency-Key was used for another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  internal_error: { status: 500, title: 'The service failed' },
  not_supported: { status: 501, title: 'The service is set up in a way that does not support this' },
  store_unavailable: { status: 503, title: 'The store is unavailable; nothing was changed' },
  outcome_unknown: { status: 503, title: 'The change may or may not have been applied' },
  overloaded: { status: 503, title: 'The service has more work than it can take' },
} as const

export type ProblemCode = keyof typeof PROBLEMS

/** One finding about the request; `pointer` is a JSON pointer (RFC 6901) into the body or the parameters. */
export interface Finding { pointer: string, message: string }

export interface ProblemOptions {
  errors?: Finding[]
  headers?: Record<string, string>
  /** An earlier request with the same Idempotency-Key was answered with it. */
  replayed?: boolean
  /** What happened inside. Logged, never sent. */
  cause?: unknown
}

/**
 * An error that a caller may see. `detail` is public: it says what the caller can do.
 * The code gives the status; a 503 carries `Retry-After`, in seconds.
 */
export class Problem extends Error {
  override readonly name: string = 'Problem'
  readonly code: ProblemCode
  readonly detail: string
  readonly status: number
  readonly title: string
  readonly errors?: Finding[]
  readonly headers: Record<string, string>
  readonly replayed: boolean

  constructor (code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause })
    this.code = code
    this.detail = detail
    this.status = PROBLEMS[code].status
    this.title = PROBLEMS[code].title
    this.errors = options.errors
    this.replayed = options.replayed ?? false
    this.headers = { ...(this.status === 503 && { 'retry-after': '1' }), ...options.headers }
  }

  /** The same, as the answer to a repeated request. */
  asReplay (): Problem {
    return new Problem(this.code, this.detail, { errors: this.errors, headers: this.headers, replayed: true })
  }

  /** The same, of a value that stands at this JSON pointer in the request. */
  under (pointer: string): Problem {
    const errors = this.errors?.map(finding => ({ ...finding, pointer: pointer + finding.pointer }))
    const detail = errors?.map(finding => `${finding.pointer} ${finding.message}.`).join(' ') ?? this.detail
    return new Problem(this.code, detail, { errors, headers: this.headers, replayed: this.replayed, cause: this.cause })
  }

  /** The body of RFC 9457. */
  toBody (requestId: string) {
    return {
      type: `urn:ticket-metadata-service:problem:${this.code}`,
      title: this.title,
      status: this.status,
      detail: this.detail,
      code: this.code,
      request_id: requestId,
      ...(this.errors && { errors: this.errors }),
    }
  }
}

/** Why Redis could not be used is in `cause`. Surely nothing was changed. */
export const storeUnavailable = (cause: unknown, detail = 'Nothing was changed. Repeat the request after the seconds in Retry-After.') =>
  new Problem('store_unavailable', detail, { cause })

export const outcomeUnknown = (cause: unknown) =>
  new Problem('outcome_unknown', 'The store did not confirm the change in time. Repeat the request with the same Idempotency-Key; without one, read the ticket first to see whether the change is there.', { cause })

/** A challenge of RFC 6750, section 3. */
const challenge = (parameters = '') => ({ 'www-authenticate': `Bearer realm="ticket-metadata-service"${parameters}` })

/** @param isGiven whether there is an Authorization at all */
export const unauthorized = (isGiven: boolean) => isGiven
  ? new Problem('unauthorized', 'Nobody has the key of Authorization. It must be one valid key, as Bearer KEY.', { headers: challenge(', error="invalid_token"') })
  : new Problem('unauthorized', 'Send an API key, as Authorization: Bearer KEY. An operator makes one with npm run key.', { headers: challenge() })

/** @param scope the one that is missing; undefined: no scope would do */
export const forbidden = (name: string, scope: string | undefined) =>
  new Problem('forbidden', scope === undefined ? 'Nobody may call this route.' : `The key of ${name} lacks the scope ${scope}.`, {
    headers: challenge(`, error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`),
  })

export const notForOtherSites = () =>
  new Problem('forbidden', 'Without API_KEYS the service answers only requests to localhost, 127.0.0.1 or [::1], and none that another site sends through a browser.')

/** @param sign what tells that the request was forwarded */
export const notThroughProxy = (sign: string) =>
  new Problem('forbidden', `The request came through a proxy (${sign}), behind which anyone may be, and the service has no API_KEYS. Set API_KEYS, or call the service directly.`)

/** @param seconds until the window ends */
export const rateLimited = (seconds: number) =>
  new Problem('rate_limited', 'Repeat the request after the seconds in Retry-After.', { headers: { 'retry-after': String(Math.max(1, seconds)) } })

export const overloaded = (cause?: unknown, detail = 'Nothing was changed. Repeat the request after the seconds in Retry-After.') =>
  new Problem('overloaded', detail, { cause })

/** It was not begun with, because the answer is as large as one may be, the caller holds its share, or nobody waits for it any more. */
export class NotRead extends Problem {
  constructor () { super('overloaded', 'As much as one answer, or one caller, may hold is held. Nothing was changed. Repeat the request after the seconds in Retry-After.') }
}

export const ticketNotFound = (id: number) =>
  new Problem('ticket_not_found', `There is no ticket ${id}. Create it with POST /tickets/${id}.`)

export const ticketExists = (id: number) =>
  new Problem('ticket_exists', `Ticket ${id} exists already. Change it with PATCH /tickets/${id}.`)

export const webhookNotFound = () =>
  new Problem('webhook_not_found', 'GET /webhooks lists those of WEBHOOKS.')

/** Until the tombstone expires. */
export class TicketDeleted extends Problem {
  /** Of the tombstone, where it was read. */
  readonly version?: number

  constructor (id: number, version?: number) {
    super('ticket_deleted', `Ticket ${id} was deleted.`)
    if (version !== undefined) this.version = version
  }
}

export const ticketDeleted = (id: number, version?: number) => new TicketDeleted(id, version)

/** Of the change log. */
export const cursorExpired = () =>
  new Problem('cursor_expired', 'The change log does not hold what follows the cursor any more, or Redis is another one. Begin again without a cursor, and drop what the answers do not hold.')

/** Of a create: the id is not free until the tombstone expires. */
export const deletedIdTaken = (id: number) =>
  new Problem('ticket_exists', `Ticket ${id} was deleted, and its id can be used again when TICKET_RETENTION_SECONDS have passed since MySQL has recorded that.`)

export const versionConflict = (id: number) =>
  new Problem('version_conflict', `Ticket ${id} does not have the version that If-Match names. Read it again and repeat the change on what you find.`)

/** Of a change that was accepted while Redis was unavailable. */
export const changedSince = (id: number) =>
  new Problem('version_conflict', `Ticket ${id} was changed after this change was accepted and before it could be applied.`)

export const idempotencyMismatch = () =>
  new Problem('idempotency_mismatch', 'The Idempotency-Key belongs to a request with another method, path, If-Match or body. Nothing was changed. Use a new key for a new request.')

export const corruptTicket = (id: number, cause: unknown) =>
  new Problem('internal_error', `The stored data of ticket ${id} cannot be read. An operator finds the reason in the log under the request id.`, { cause })

export const invalid = (pointer: string, message: string) =>
  new Problem('validation_failed', `${pointer} ${message}`, { errors: [{ pointer, message }] })
