import { LATER, createBatcher, type Context } from '../util/batcher.ts'
import type { Budget } from '../util/budget.ts'
import { Problem, storeUnavailable } from '../errors.ts'
import { nextTurn } from '../util/turns.ts'
import { RedisError, toReadProblem, toWriteProblem } from '../redis/failure.ts'
import type { Reply } from '../redis/scripts.ts'
import type { Node } from '../redis/node.ts'
import type { Shard } from '../redis/servers.ts'
import type { Strategy } from '../tickets/strategy.ts'
import type { Keys } from '../tickets/keys.ts'
import { byTicket, inOrder, type Operation } from '../tickets/operation.ts'
import type { CallOptions, Found, ReadOptions, TicketRepository, Written } from '../tickets/repository.ts'
import { KNOWN_FIELDS, SCRIPTS } from './scripts.ts'
import type { Ticket } from '../tickets/fields.ts'
import { MaybeInDatabase, createWriteCodec, type WriteCodecOptions } from './write-codec.ts'

/**
 * Enough to share the cost of a call, few enough that Redis works on the first ones while the others
 * of the turn are still being read. Measured with 64 connections: with 16 or 32 both work side by side;
 * without the bound each waits for the other in turn, at three quarters of the rate.
 */
const TICKETS_PER_CALL_MAX = 32

/**
 * Bytes of one call, so that none occupies Redis or this process for long; a single ticket's that are more travel alone. A script
 * stops at as many bytes of hashes, and leaves the rest to the next call.
 */
const BYTES_PER_CALL_MAX = 32 * 1024

/**
 * What is on its way to Redis and back. Another caller waits for no more than that and one call, some milliseconds. Usual tickets, of some hundred
 * bytes, fill some calls with it: enough that Redis always has the next one.
 */
const BYTES_RUNNING_MAX = 32 * 1024

/** What a ticket is taken to have at least, also where the last ones were not there: else ids of no ticket would make way for a hundred calls. */
const USUAL_TICKET_BYTES = 500

/** Of the last replies each counts by this share for what the next tickets are taken to have. */
const LAST_SHARE = 1 / 8

/**
 * While Redis works on one call, the next may be on its way. With more of them each turn of the event loop would send a small one, and a
 * call costs as much as several tickets of it.
 */
const CALLS_BESIDE_PARTIAL_MAX = 1

/** What has not even been sent after this time comes too late for any caller. It was certainly not applied. */
const WAIT_MAX_MS = 30_000

/** Bytes that are encoded in one go, a part of a millisecond. */
const ENCODE_BYTES_MAX = 16 * 1024

export interface StoreOptions extends WriteCodecOptions {
  shard: Shard
  keys: Keys
  /** Of what waits for Redis, in tickets and bytes. */
  writeBudget: Budget
  readBudget: Budget
  strategy: Strategy
  /** ms after which a caller is told that the outcome is unknown; a write that starts later is refused. */
  commandTimeoutMs: number
  retentionSeconds: number
  idempotencySeconds: number
  /** A change stays in the change log this long; 0: there is none. */
  changesSeconds: number
  /** A script call has applied this number of operations. */
  onWrite: (operations: number) => void
}

/** Of write.lua: the first operation of a ticket that the call has not begun with. */
const NOT_BEGUN = -13

/** Operations on one ticket. They travel together, so that nothing comes between them. */
interface OnTicket { operations: readonly Operation[], json: string, bytes: number }

/** The Redis side: every write is part of one script call, every read of another. What it does not hold is MaybeInDatabase. */
export function createTicketStore (options: StoreOptions): TicketRepository {
  const { shard, keys, strategy } = options
  const { encode, toAnswer, decode } = createWriteCodec(options)

  const dueIn = [[false, false], [false, true], [true, false], [true, true]]
    .map(([wasClosed, isClosed]) => strategy(wasClosed!, isClosed!, 0))
    .map(delay => delay === Infinity ? 'inf' : delay)

  const closedStatuses = `,${options.closedStatuses.join()},`

  const enqueue = createBatcher<OnTicket, (Written | Problem)[]>({
    itemsMax: TICKETS_PER_CALL_MAX,
    sizeMax: BYTES_PER_CALL_MAX,
    sizeOf: ({ bytes }) => bytes,
    besidePartialMax: CALLS_BESIDE_PARTIAL_MAX,
    runningSizeMax: BYTES_RUNNING_MAX,
    waitMaxMs: WAIT_MAX_MS,
    budget: options.writeBudget,
    async run (tickets) {
      return await shard.call(node => writeAt(node, tickets)).catch((error: unknown) => { throw toWriteProblem(error) })
    },
  })

  async function writeAt (node: Node, tickets: readonly OnTicket[]) {
    const sentAt = performance.now()
    const results = await callWrite(node, tickets)
    let next = 0
    const answers = tickets.map(({ operations }) => results[next] === NOT_BEGUN ? LATER : operations.map(operation => toAnswer(operation, results[next++]!)))
    options.onWrite(next)
    // What was refused has changed nothing, so that there is nothing to confirm.
    if (!node.waitForReplicas || answers.every(ofTicket => ofTicket === LATER || ofTicket.every(answer => answer instanceof Problem))) return answers
    const unconfirmed = await node.waitForReplicas(sentAt + options.commandTimeoutMs - performance.now())
    if (!unconfirmed) return answers
    return answers.map(ofTicket => ofTicket === LATER ? ofTicket : ofTicket.map(answer => answer instanceof Problem ? answer : unconfirmed))
  }

  async function callWrite (node: Node, tickets: readonly OnTicket[]): Promise<Reply[]> {
    const deadline = node.clock.deadline(options.commandTimeoutMs)
    const operations = `[${tickets.map(({ json }) => json).join()}]`
    const reply = await node.run(
      SCRIPTS.write,
      [keys.due, keys.archived, keys.dead, keys.failures, keys.fields, keys.acknowledged, keys.index, keys.changes],
      [
        deadline, keys.ticketPrefix, options.retentionSeconds, ...dueIn, closedStatuses,
        keys.idempotencyPrefix, options.idempotencySeconds, operations, KNOWN_FIELDS, BYTES_PER_CALL_MAX, options.changesSeconds,
      ],
    )
    if (typeof reply === 'string') return JSON.parse(reply) as Reply[]
    if (reply === -1) throw storeUnavailable(new Error(`${keys.due} is no sorted set: another program has written it`))
    node.clock.remeasure()
    throw storeUnavailable(new RedisError('late', 'the write reached Redis after its deadline'))
  }

  async function write (operations: readonly Operation[], options?: CallOptions): Promise<(Written | Problem)[]> {
    const tickets = byTicket(operations)
    const encoded: OnTicket[] = []
    let inOneGo = 0
    for (const operations of tickets) {
      // A batch of megabytes does not hold up the requests of others.
      if (inOneGo > ENCODE_BYTES_MAX) {
        await nextTurn()
        inOneGo = 0
      }
      const json = `[${operations.map(encode).join()}]`
      const bytes = Buffer.byteLength(json)
      inOneGo += bytes
      encoded.push({ operations, json, bytes })
    }
    return inOrder(operations, tickets, await enqueue(encoded, options))
  }

  // How large a ticket is, is known when it has been read: the next are taken to be like the last ones.
  let ticketBytes = USUAL_TICKET_BYTES

  const read = createBatcher<number, Found | Problem, Context & ReadOptions>({
    itemsMax: TICKETS_PER_CALL_MAX,
    sizeMax: BYTES_PER_CALL_MAX,
    sizeOf: () => ticketBytes,
    besidePartialMax: CALLS_BESIDE_PARTIAL_MAX,
    runningSizeMax: BYTES_RUNNING_MAX,
    waitMaxMs: WAIT_MAX_MS,
    budget: options.readBudget,
    onResult: (found, { answer }) => !answer || found instanceof Problem ? found : { ...found, ticket: answer.add(found.ticket) },
    async run (ids) {
      const reply = await shard.call(node => node.run(SCRIPTS.read, ids.map(keys.ticket), [keys.acknowledged, BYTES_PER_CALL_MAX])).catch((error: unknown) => { throw toReadProblem(error) })
      const found = JSON.parse(reply as string) as (string[] | string | null)[]
      const tickets = found.filter(held => held !== null).length
      ticketBytes = Math.max(USUAL_TICKET_BYTES, ticketBytes + ((reply as string).length / tickets - ticketBytes) * LAST_SHARE)
      return found.map((held, i) => {
        if (held === null) return LATER
        return typeof held === 'string' ? new MaybeInDatabase(ids[i]!, 'not_held', held) : toFound(decode(ids[i]!, held))
      })
    },
  })

  return { write, read }
}

const toFound = (ticket: Ticket | Problem): Found | Problem => ticket instanceof Problem ? ticket : { ticket, source: 'redis' }
