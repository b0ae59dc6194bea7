import { createBatcher } from '../batcher.js'
import {
  Problem, corruptTicket, idempotencyMismatch, invalid, outcomeUnknown, storeUnavailable, ticketExists, ticketNotFound, versionConflict,
} from '../errors.js'
import { toReadProblem, toWriteProblem } from '../redis/failure.js'
import type { Clock } from '../redis/clock.js'
import type { ReplicaWait } from '../redis/replicas.js'
import type { Strategy } from '../sync/strategy.js'
import { fromHash, toHashChange } from './codec.js'
import type { Keys } from './keys.js'
import type { Create, Found, Operation, TicketRepository, Written } from './repository.js'
import type { Reply, Scripts } from './scripts/index.js'
import { CUSTOM_FIELDS_MAX, type Ticket } from './ticket.js'

/**
 * Enough to share the cost of a call, few enough that Redis works on the first ones while the others
 * of the turn are still being read. Measured with 64 connections: with 16 or 32 both work side by side;
 * without the bound each waits for the other in turn, at three quarters of the rate.
 */
const TICKETS_PER_CALL_MAX = 32

/** Characters of one call, so that none occupies Redis for long. What is longer for a single ticket travels alone. */
const CHARACTERS_PER_CALL_MAX = 128 * 1024

/** What may wait for Redis, in tickets: a second of full load. */
const PENDING_MAX = 30_000

/** The same in characters: some batches of the largest size, or a second of usual tickets. */
const PENDING_CHARACTERS_MAX = 16 * 1024 * 1024

export interface StoreOptions {
  scripts: Scripts
  keys: Keys
  clock: Clock
  strategy: Strategy
  /** ms after which a caller is told that the outcome is unknown; a write that starts later is refused. */
  commandTimeoutMs: number
  retentionSeconds: number
  idempotencySeconds: number
  closedStatuses: readonly string[]
  /** Status of a ticket that is created without one. */
  defaultStatus: string
  /** Waits until replicas have what was written so far; resolves with the Problem of those that wait when they do not. */
  waitForReplicas?: ReplicaWait
  /** A script call has changed tickets. */
  onWrite: () => void
  /** A stored ticket could not be read. */
  onCorrupt: (error: Error, ticketId: number) => void
}

/** MySQL may hold the id, and this store cannot know. The read-through layer does. */
export class MaybeArchived extends Problem {
  constructor (readonly ticketId: number, readonly reason: 'below_archived_max' | 'archived_max_unknown') {
    super('store_unavailable', `Whether ticket ${ticketId} exists already cannot be told now. Nothing was changed. Repeat the request after the seconds in Retry-After.`)
  }
}

/** Operations on one ticket. They travel together, so that nothing comes between them. */
interface OnTicket { operations: readonly Operation[], json: string }

/** The Redis side: every write is part of one script call, every read of another. */
export function createTicketStore (options: StoreOptions): TicketRepository {
  const { scripts, keys, clock, strategy } = options

  const dueIn = [[false, false], [false, true], [true, false], [true, true]]
    .map(([wasClosed, isClosed]) => strategy(wasClosed!, isClosed!, 0))
    .map(delay => delay === Infinity ? 'inf' : delay)

  const closedStatuses = `,${options.closedStatuses.join()},`

  const enqueue = createBatcher<OnTicket, (Written | Problem)[]>({
    itemsMax: TICKETS_PER_CALL_MAX,
    sizeMax: CHARACTERS_PER_CALL_MAX,
    sizeOf: ({ json }) => json.length,
    pendingMax: PENDING_MAX,
    pendingSizeMax: PENDING_CHARACTERS_MAX,
    async run (tickets) {
      const sentAt = performance.now()
      const results = await callWrite(tickets).catch((error: unknown) => { throw toWriteProblem(error) })
      options.onWrite()
      let next = 0
      const answers = tickets.map(({ operations }) => operations.map(operation => toAnswer(operation, results[next++]!)))
      const unconfirmed = await options.waitForReplicas?.(sentAt + options.commandTimeoutMs - performance.now())
      if (!unconfirmed) return answers
      // What was refused has changed nothing, so that there is nothing to confirm.
      return answers.map(ofTicket => ofTicket.map(answer => answer instanceof Problem ? answer : unconfirmed))
    },
  })

  async function callWrite (tickets: readonly OnTicket[]): Promise<Reply[]> {
    const deadline = clock.deadline(options.commandTimeoutMs)
    const operations = `[${tickets.map(({ json }) => json).join()}]`
    const reply = await scripts.write(
      [keys.due, keys.archivedMax, keys.dead, keys.failures],
      [
        deadline, keys.ticketPrefix, options.retentionSeconds, ...dueIn, closedStatuses,
        keys.idempotencyPrefix, options.idempotencySeconds, operations,
      ],
    )
    if (Array.isArray(reply)) return reply
    if (reply === -1) throw storeUnavailable(new Error(`${keys.due} is no sorted set: another program has written it`))
    clock.remeasure()
    throw storeUnavailable(new Error('the write reached Redis after its deadline'))
  }

  async function write (operations: readonly Operation[]): Promise<(Written | Problem)[]> {
    const tickets = byTicket(operations)
    const answers = await enqueue(tickets.map(operations => ({ operations, json: operations.map(encode).join() })))
    if (tickets.length === operations.length) return answers.map(first)
    const answerOf = new Map<Operation, Written | Problem>()
    tickets.forEach((operations, i) => operations.forEach((operation, j) => { answerOf.set(operation, nth(answers[i]!, j)) }))
    return operations.map(operation => answerOf.get(operation)!)
  }

  const read = createBatcher<number, Found | Problem | null>({
    itemsMax: TICKETS_PER_CALL_MAX,
    pendingMax: PENDING_MAX,
    async run (ids) {
      const reply = await scripts.read(ids.map(keys.ticket), []).catch((error: unknown) => { throw toReadProblem(error) })
      return (reply as string[][]).map((flat, i) => toFound(decode(ids[i]!, flat)))
    },
  })

  /** null: there is no such ticket. */
  function decode (id: number, flat: string[]): Ticket | Problem | null {
    try {
      return flat.length === 0 ? null : fromHash(id, flat)
    } catch (error) {
      return corrupt(id, error as Error)
    }
  }

  function corrupt (id: number, error: Error): Problem {
    options.onCorrupt(error, id)
    return corruptTicket(id, error)
  }

  /** The operation as write.lua reads it. */
  function encode (operation: Operation): string {
    const { op, ticket_id: id } = operation
    const fields = op === 'restore' ? operation.ticket : operation.fields
    const { set, remove } = toHashChange(fields)
    if (op === 'create' && fields.status === undefined) set.push('status', options.defaultStatus)
    const absent = operation.absentFromArchive ? 'absent' : ''
    const versions = op === 'update' && operation.ifMatch ? `,${operation.ifMatch.join()},` : ''
    const encoded = [op, String(id), absent, versions, set, remove]
    const { idempotency } = operation
    if (idempotency) encoded.push(idempotency.key, idempotency.fingerprint, String(idempotency.index))
    return JSON.stringify(encoded)
  }

  /** What write.lua says, for callers. */
  function toAnswer (operation: Operation, result: Reply): Written | Problem {
    const replayed = Array.isArray(result) && result[0] === 0
    const outcome = toOutcome(operation, replayed ? result[1]! : result)
    if (!(outcome instanceof Problem)) return { ticket: outcome, replayed }
    return replayed ? outcome.asReplay() : outcome
  }

  /** The numbers are those of write.lua's header. */
  function toOutcome (operation: Operation, result: Reply): Ticket | Problem {
    const id = operation.ticket_id
    if (Array.isArray(result)) return decode(id, result as string[])!
    if (typeof result === 'number' && result > 0) return created(operation as Create, result)
    switch (result) {
      case -1: return ticketExists(id)
      case -2: return new MaybeArchived(id, 'below_archived_max')
      case -3: return new MaybeArchived(id, 'archived_max_unknown')
      case -4: return ticketNotFound(id)
      case -5: return versionConflict(id)
      case -6: return invalid('/custom_fields', `would grow to more than ${CUSTOM_FIELDS_MAX} fields; remove some by setting them to null`)
      case -7: return corrupt(id, new Error(`ticket ${id}: the key holds no ticket`))
      case -8: return outcomeUnknown(new Error(`ticket ${id}: Redis failed in the middle of the operation; its own log says how`))
      case -9: return idempotencyMismatch(operation.idempotency!.key)
      default: throw new Error(`write.lua answered ${String(result)}`)
    }
  }

  /** The ticket that write.lua has stored at `version`, ms; saves reading it back. */
  function created ({ ticket_id, fields }: Create, version: number): Ticket {
    const now = Math.floor(version / 1000)
    const { custom_fields: custom = {}, status = options.defaultStatus, ...rest } = fields
    return {
      ticket_id,
      created_at: now,
      ...rest,
      ...(Object.keys(custom).length > 0 && { custom_fields: custom }),
      status,
      updated_at: now,
      ...(options.closedStatuses.includes(status) && { closed_at: now }),
      version,
      synced_version: null,
    }
  }

  return { write, read }
}

/** Operations by their tickets, in their order. */
function byTicket (operations: readonly Operation[]): (readonly Operation[])[] {
  if (operations.length === 1) return [operations]
  const tickets = new Map<number, Operation[]>()
  for (const operation of operations) {
    const known = tickets.get(operation.ticket_id)
    if (known) known.push(operation)
    else tickets.set(operation.ticket_id, [operation])
  }
  return [...tickets.values()]
}

/** A call that failed has one Problem for all its operations. */
const nth = (answers: (Written | Problem)[] | Problem, i: number) => answers instanceof Problem ? answers : answers[i]!
const first = (answers: (Written | Problem)[] | Problem) => nth(answers, 0)

const toFound = (ticket: Ticket | Problem | null): Found | Problem | null =>
  ticket === null || ticket instanceof Problem ? ticket : { ticket, source: 'redis' }
