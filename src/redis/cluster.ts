import { EventEmitter } from 'node:events'
import calculateSlot from 'cluster-key-slot'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.ts'
import { storeUnavailable } from '../errors.ts'
import { createCalls, recordFailure } from './instrument.ts'
import { RedisError } from './failure.ts'
import { createRedis, parseAddress, type Address } from './connection.ts'
import { createNode, type Node } from './node.ts'
import type { Shard, RedisServers } from './servers.ts'
import { firstOf } from '../util/async.ts'

/** How often the slots are asked for: seldom while all is well, often while a master is missing. */
const REFRESH_MS = 10_000
const REFRESH_HURRIED_MS = 500

/** A node that has not answered by then is not waited for alone: it may hang, or be of a network that swallows what is sent to it. */
const ASK_NEXT_AFTER_MS = 200

/** A range of CLUSTER SLOTS: first slot, last slot, master, replicas (https://redis.io/docs/latest/commands/cluster-slots/). */
type Range = [number, number, [string | null, number], ...unknown[]]

/**
 * The masters of a Cluster. Each has connections of its own, with the fail-fast rules of a single server:
 * a client for whole clusters sends commands again, to whom it thinks right, so that nobody can say
 * whether a write that failed was applied, on whose clock its deadline is, or for which replicas to wait.
 *
 * A command that meets the wrong master was not applied. It is not sent on: the new master may hold older
 * data, and is written to only when that is known.
 *
 */
export function createCluster (config: Config, log: FastifyBaseLogger): RedisServers {
  const calls = createCalls()
  const fail = recordFailure(calls)
  const seeds = config.REDIS_CLUSTER_NODES.map(parseAddress)
  const nodes = new Map<string, { node: Node, connected: Promise<void> }>()
  const shards = Array.from({ length: config.REDIS_PARTITIONS }, (_, index) => createShard(`{${index}}`))
  let refreshing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  function createShard (tag: string) {
    const slot = calculateSlot(tag)
    const events = new EventEmitter<{ ready: [], lost: [] }>()
    let owner: Node | undefined

    function assign (node: Node | undefined) {
      if (node === owner) return
      const hadOwner = owner !== undefined
      owner = node
      if (hadOwner) events.emit('lost')
      if (node?.isReady()) events.emit('ready')
    }

    return {
      tag,
      slot,
      events,
      assign,
      owner: () => owner,
      on: events.on.bind(events),
      isReady: () => owner?.isReady() ?? false,
      async call<T> (work: (node: Node) => Promise<T>): Promise<T> {
        if (!owner) return fail(storeUnavailable(new RedisError('not_connected', `no master of the Cluster is known for slot ${slot}`)))
        const node = owner
        return await work(node).catch((error: unknown) => {
          const address = movedTo(error, node.address!)
          if (address) assign(nodeAt(address))
          if (address) hurry()
          return fail(error)
        })
      },
    } satisfies Shard & Record<string, unknown>
  }

  function nodeAt (address: Address): Node {
    const name = `${address.host}:${address.port}`
    const known = nodes.get(name)
    if (known) return known.node
    const node = createNode(config, log, calls, address)
    const notify = (event: 'ready' | 'lost') => { for (const shard of shards) if (shard.owner() === node) shard.events.emit(event) }
    node.on('ready', () => { notify('ready') })
    node.on('lost', () => {
      notify('lost')
      hurry()
    })
    const connected = node.connect()
    connected.catch((error: unknown) => { log.warn({ err: error, ...address }, 'a master of the Cluster cannot be used; trying again in the background') })
    nodes.set(name, { node, connected })
    return node
  }

  /** Asks a seed, on a connection of its own. */
  async function askSeed (seed: Address): Promise<[Address, Range[]]> {
    const redis = createRedis(config, seed)
    let reason: unknown
    redis.on('error', (error: unknown) => { reason = error })
    try {
      await redis.connect()
      return [seed, await redis.call('CLUSTER', 'SLOTS') as Range[]]
    } catch (error) {
      // The client's own error says no more than that the connection is closed.
      throw reason ?? error
    } finally {
      redis.disconnect()
    }
  }

  /** Any node knows the slots; one that was cut off from the others may know them as they were, so it is another one each time. */
  async function askSlots (): Promise<[Address, Range[]]> {
    const ready = [...nodes.values()].map(({ node }) => node).filter(node => node.isReady())
    const ask = async (node: Node): Promise<[Address, Range[]]> => [node.address!, await node.client.call('CLUSTER', 'SLOTS') as Range[]]
    const asks = [...shuffled(ready.map(node => () => ask(node))), ...shuffled(seeds.map(seed => () => askSeed(seed)))]
    return await firstOf(asks, ASK_NEXT_AFTER_MS).catch((error: AggregateError) => {
      throw new AggregateError(error.errors, `no node of the Cluster says who holds the slots: ${error.errors.map(reason => (reason as Error).message).join('; ')}`)
    })
  }

  async function learnSlots () {
    const [asked, ranges] = await askSlots()
    if (isClosed) return
    for (const shard of shards) {
      const range = ranges.find(([first, last]) => first <= shard.slot && shard.slot <= last)
      // Slots that nobody holds stay with whom they were: it answers that the Cluster is down.
      // A node without a name of its own is the one that was asked.
      if (range) shard.assign(nodeAt({ host: range[2][0] || asked.host, port: range[2][1] }))
    }
    const owners = new Set(shards.map(shard => shard.owner()))
    for (const [name, { node }] of nodes) {
      if (owners.has(node)) continue
      nodes.delete(name)
      // What it is still working on has its time.
      setTimeout(node.close, config.REDIS_COMMAND_TIMEOUT_MS)
    }
  }

  function refresh (): Promise<void> {
    refreshing ??= learnSlots().finally(() => {
      refreshing = undefined
      schedule(shards.every(shard => shard.isReady()) ? REFRESH_MS : REFRESH_HURRIED_MS)
    })
    return refreshing
  }

  const refreshInBackground = () => { refresh().catch((error: unknown) => { log.warn({ err: error }, 'Redis Cluster') }) }

  function schedule (afterMs: number) {
    clearTimeout(timer)
    if (!isClosed) timer = setTimeout(refreshInBackground, afterMs)
  }

  /** Somebody else may be master now. */
  const hurry = () => { if (!refreshing) schedule(REFRESH_HURRIED_MS / 10) }

  const owners = () => [...new Set(shards.map(shard => shard.owner()))]

  return {
    shards,
    calls,
    async connect () {
      await refresh()
      await Promise.all([...nodes.values()].map(({ connected }) => connected))
    },
    async ping () {
      const lost = shards.filter(shard => !shard.owner()?.isReady())
      const reason = await lost[0]?.owner()?.ping().catch((error: unknown) => (error as Error).message)
      if (lost.length > 0) throw new RedisError('not_connected', `${lost.length} of ${shards.length} partitions have no master${reason ? `: ${reason}` : ''}`)
      await Promise.all(owners().map(node => node!.ping()))
    },
    settings () {
      const all = [...nodes.values()].map(({ node }) => node.settings())
      return { unsafePolicy: all.find(({ unsafePolicy }) => unsafePolicy)?.unsafePolicy, isAofOff: all.some(({ isAofOff }) => isAofOff) }
    },
    // Masters of one Cluster are taken to have one time.
    now: () => owners().find(node => node?.clock.now() !== undefined)?.clock.now(),
    close () {
      isClosed = true
      clearTimeout(timer)
      for (const { node } of nodes.values()) node.close()
    },
  }
}

const shuffled = <T>(items: readonly T[]): T[] => items.map(item => ({ item, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ item }) => item)

/** Where a node says that the slot is; undefined: that is not what it says. */
function movedTo (error: unknown, asked: Address): Address | undefined {
  const [, host, port] = /^MOVED \d+ (.*):(\d+)$/.exec((error as Error).message) ?? []
  return port === undefined ? undefined : { host: host || asked.host, port: Number(port) }
}
