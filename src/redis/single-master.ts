import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.ts'
import { createCalls, recordFailure } from './instrument.ts'
import { createNode } from './node.ts'
import type { RedisServers, Shard } from './servers.ts'

/** One master, which Sentinel may replace by another. */
export function createSingleMaster (config: Config, log: FastifyBaseLogger): RedisServers {
  const calls = createCalls()
  const node = createNode(config, log, calls)
  const shard: Shard = { tag: '', on: node.on, isReady: node.isReady, owner: () => node, call: work => work(node).catch(recordFailure(calls)) }
  return { shards: [shard], calls, connect: node.connect, ping: node.ping, settings: node.settings, now: node.clock.now, close: node.close }
}
