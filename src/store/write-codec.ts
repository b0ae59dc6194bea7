import {
  Problem, changedSince, corruptTicket, deletedIdTaken, idempotencyMismatch, invalid, outcomeUnknown, storeUnavailable, ticketDeleted, ticketExists, ticketNotFound, versionConflict,
} from '../errors.ts'
import { RedisError } from '../redis/failure.ts'
import type { Reply } from '../redis/scripts.ts'
import { fromHash, toHashChange } from '../tickets/codec.ts'
import { toNewTicket } from '../tickets/changed-ticket.ts'
import { CUSTOM_FIELDS_MAX, isTombstone, type Ticket } from '../tickets/fields.ts'
import { fieldsOf, handlerOf, type Create, type Import, type Operation, type Statuses } from '../tickets/operation.ts'
import type { Written } from '../tickets/repository.ts'

export interface WriteCodecOptions extends Statuses {
  /** A stored ticket could not be read. */
  onCorrupt: (error: Error, ticketId: number) => void
}

/** Redis does not hold the ticket, MySQL may, and this store cannot know. The read-through layer does. */
export class MaybeInDatabase extends Problem {
  /** MySQL holds a higher id of the same range; or nothing is known of the range; or the ticket was asked for. */
  readonly reason: 'not_held' | 'below_highest' | 'range_unknown'
  /** For `Operation.asked`; empty: it cannot be told, and nothing may be put back. */
  readonly stamp: string

  constructor (ticketId: number, reason: MaybeInDatabase['reason'], stamp: string) {
    super('store_unavailable', `Whether ticket ${ticketId} exists already cannot be told now. Nothing was changed. Repeat the request after the seconds in Retry-After.`)
    this.reason = reason
    this.stamp = stamp
  }
}

/**
 * A newer version of the service has registered fields that this one does not know, and would leave in MySQL. Not for the
 * journal: an instance of the newer version can do it now.
 */
export class NewerFields extends Problem {
  constructor (ticketId: number) {
    super('store_unavailable', `Ticket ${ticketId} is in MySQL, and a newer version of the service brings it back. Nothing was changed. Repeat the request after the seconds in Retry-After.`, {
      cause: new RedisError('refused', `ticket ${ticketId}: a newer version of the service has added fields, which this one would leave in MySQL`),
    })
  }
}

/** An operation as write.lua reads it, and what it answers, for callers. Its header is the contract. */
export function createWriteCodec ({ onCorrupt, ...statuses }: WriteCodecOptions) {
  function decode (id: number, flat: string[]): Ticket | Problem {
    try {
      const ticket = fromHash(id, flat)
      return isTombstone(ticket) ? ticketDeleted(id, ticket.version) : ticket
    } catch (error) {
      return corrupt(id, error as Error)
    }
  }

  function corrupt (id: number, error: Error): Problem {
    onCorrupt(error, id)
    return corruptTicket(id, error)
  }

  /** The operation as write.lua reads it. */
  function encode (operation: Operation): string {
    const { op, ticket_id: id, idempotency, asOf, asked = '', highest = '' } = operation
    const handler = handlerOf(operation)
    const { set, remove } = toHashChange(handler.fields(operation, statuses))
    const ifMatch = handler.ifMatch(operation)
    // The journal's may be damaged.
    const versions = ifMatch ? JSON.stringify(`,${ifMatch.join()},`) : '""'
    const once = idempotency ? `,${JSON.stringify(idempotency.key)},${JSON.stringify(idempotency.fingerprint)},"${idempotency.index}"` : ''
    const late = asOf === undefined ? '' : `,"${asOf}"`
    // Only what callers choose may need escapes; to look for them everywhere would cost half as much again.
    return `["${op}","${id}","${asked}","${highest}",${versions},${JSON.stringify(set)},${JSON.stringify(remove)},"${handler.answer(operation)}"${once}${late}]`
  }

  /** What write.lua says, for callers. */
  function toAnswer (operation: Operation, result: Reply): Written | Problem {
    const replayed = Array.isArray(result) && result[0] === 0
    const outcome = toOutcome(operation, replayed ? result[1]! : result)
    if (outcome instanceof Problem) return replayed ? outcome.asReplay() : outcome
    return 'ticket_id' in outcome ? { version: outcome.version, ticket: outcome, replayed } : { ...outcome, replayed }
  }

  /** The numbers are those of write.lua's header. */
  function toOutcome (operation: Operation, result: Reply): Ticket | Omit<Written, 'replayed'> | Problem {
    const id = operation.ticket_id
    if (Array.isArray(result)) return typeof result[0] === 'number' ? toUnable(id, result as [number, string]) : decode(id, result as string[])
    if (typeof result === 'string') return handlerOf(operation).answer(operation) === 'version' ? toVersions(result) : created(operation as Create | Import, Number(result))
    switch (result) {
      case -1: return ticketExists(id)
      case -4: return ticketNotFound(id)
      case -5: return versionConflict(id)
      case -6: return invalid('/custom_fields', `would grow to more than ${CUSTOM_FIELDS_MAX} fields; remove some by setting them to null`)
      case -7: return corrupt(id, new Error(`ticket ${id}: the key holds no ticket`))
      case -8: return outcomeUnknown(new Error(`ticket ${id}: Redis failed in the middle of the operation; its own log says how`))
      case -9: return idempotencyMismatch()
      case -10: return changedSince(id)
      case -12: return new NewerFields(id)
      case -14: return handlerOf(operation).creates ? deletedIdTaken(id) : ticketDeleted(id)
      default: return outcomeUnknown(new Error(`ticket ${id}: write.lua answered ${JSON.stringify(result)}`))
    }
  }

  function toUnable (id: number, [code, text]: [number, string]) {
    if (code !== -11) return new MaybeInDatabase(id, code === -3 ? 'range_unknown' : 'below_highest', text)
    const reason = text.includes('WRONGTYPE') ? 'tickets:due is no sorted set: another program has written it' : text
    return storeUnavailable(new RedisError('refused', `ticket ${id}: ${reason}`))
  }

  /** The ticket that write.lua has stored at `version`, ms; saves reading it back. */
  const created = (operation: Create | Import, version: number): Ticket =>
    toNewTicket(operation.ticket_id, fieldsOf(operation, statuses), Math.floor(version / 1000), version, statuses)

  return { encode, toAnswer, decode }
}

/** @param text of write.lua: the version, and of a ticket that was there before, its version and updated_at. A key of an older service keeps the version alone. */
function toVersions (text: string): Omit<Written, 'replayed'> {
  const [version, previousVersion, previousUpdatedAt] = text.split(',').map(Number)
  return previousUpdatedAt === undefined ? { version: version! } : { version: version!, previous: { version: previousVersion!, updated_at: previousUpdatedAt } }
}
