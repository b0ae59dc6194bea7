import { RedisError } from '../redis/failure.ts'
import type { Node } from '../redis/node.ts'
import type { Shard } from '../redis/servers.ts'
import type { Keys } from '../tickets/keys.ts'
import { createBatcher, type BatcherOptions, type Context } from '../util/batcher.ts'

/** A partition of the tickets: where its keys are, and how they are named. */
export interface Partition {
  shard: Shard
  keys: Keys
  /** Whether its server is known to hold all that MySQL does. What is written on top of older data would replace newer data in MySQL. */
  isTrusted: () => boolean
}

/** What a call is to do for one partition. */
export interface Part<Item> { partition: Partition, items: Item[] }

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
export const BYTES_PER_CALL_MAX = 32 * 1024

/**
 * What is on its way to Redis and back. Another caller waits for no more than that and one call, some milliseconds. Usual tickets, of some hundred
 * bytes, fill some calls with it: enough that Redis always has the next one.
 */
const BYTES_RUNNING_MAX = 32 * 1024

/**
 * While Redis works on one call, the next may be on its way. With more of them each turn of the event loop would send a small one, and a
 * call costs as much as several tickets of it.
 */
const CALLS_BESIDE_PARTIAL_MAX = 1

/** What has not even been sent after this time comes too late for any caller. It was certainly not applied. */
const WAIT_MAX_MS = 30_000

/** Of partitions that no server is known for. */
const NOBODY = {}

/**
 * A batcher for each server, so that what is asked of its partitions in one turn of the event loop shares a call, and a server
 * that hangs holds up nobody but those who ask it.
 *
 * @param options.ask asks the server of these partitions, in one call. Its answers stand in the order of the parts and their items
 */
export function createOwnerBatchers<Item extends { partition: Partition }, Answer, Asked extends Context = Context> (
  { ask, ...options }: Pick<BatcherOptions<Item, Answer, Asked>, 'sizeOf' | 'budget' | 'onResult'> & { ask: (parts: Part<Item>[]) => ReturnType<BatcherOptions<Item, Answer, Asked>['run']> },
) {
  const batchers = new WeakMap<Node | typeof NOBODY, ReturnType<typeof createBatcher<Item, Answer, Asked>>>()

  const ownerOf = ({ partition: { shard } }: { partition: Partition }) => shard.owner() ?? NOBODY

  /** A partition may have got another owner while they waited. */
  async function run (items: Item[]) {
    const { partition } = items[0]!
    if (items.every(item => item.partition === partition)) return await ask([{ partition, items }])
    const positions = [...Map.groupBy(items.keys(), at => items[at]!.partition)]
    const parts = positions.map(([partition, at]) => ({ partition, items: at.map(position => items[position]!), at }))
    const answers: Awaited<ReturnType<typeof ask>> = []
    await Promise.all(Array.from(Map.groupBy(parts, ownerOf).values(), async ofOwner => {
      const given = await ask(ofOwner)
      ofOwner.flatMap(({ at }) => at).forEach((position, i) => { answers[position] = given[i]! })
    }))
    return answers
  }

  function batcherOf (owner: Node | typeof NOBODY) {
    const known = batchers.get(owner)
    if (known) return known
    const batcher = createBatcher<Item, Answer, Asked>({
      ...options,
      run,
      itemsMax: TICKETS_PER_CALL_MAX,
      sizeMax: BYTES_PER_CALL_MAX,
      besidePartialMax: CALLS_BESIDE_PARTIAL_MAX,
      runningSizeMax: BYTES_RUNNING_MAX,
      waitMaxMs: WAIT_MAX_MS,
    })
    batchers.set(owner, batcher)
    return batcher
  }

  /** Of several servers. */
  async function enqueueAll (items: readonly Item[], context?: Asked) {
    const byOwner = Map.groupBy(items.keys(), at => ownerOf(items[at]!))
    const answers: Awaited<ReturnType<ReturnType<typeof batcherOf>>> = []
    await Promise.all(Array.from(byOwner, async ([owner, positions]) => {
      const given = await batcherOf(owner)(positions.map(at => items[at]!), context)
      positions.forEach((at, i) => { answers[at] = given[i]! })
    }))
    return answers
  }

  return (items: readonly Item[], context?: Asked) => {
    const owner = items.length > 0 ? ownerOf(items[0]!) : NOBODY
    return items.every(item => ownerOf(item) === owner) ? batcherOf(owner)(items, context) : enqueueAll(items, context)
  }
}

/** What a script says of a partition, or a ticket, that it cannot reach: a code, and the reason. */
export type Refusal = [number, string]

/**
 * A script says that a partition is refused, and not where its slot is now. One key is asked for: the answer tells the shard. Nobody waits
 * for it, and what it fails with is counted as every failure of the shard.
 */
export function learnWhy ({ shard, keys }: Partition, refusal: Refusal | undefined) {
  if (!refusal) return
  shard.call(async ({ client }) => {
    await client.exists(keys.due)
    throw new RedisError('refused', refusal[1])
  }).catch(() => {})
}
