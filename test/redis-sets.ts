import calculateSlot from 'cluster-key-slot'
import type { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { Cluster } from '../scripts/lib/redis-cluster.mjs'
import type { SentinelSet } from '../scripts/lib/sentinel-set.mjs'
import { partitionOf, type Partitioning } from '../src/tickets/partitioning.ts'
import { createTestDatabase, readHashes, type AnyStores, type Variables } from './helper.ts'

/** Commands that are under way at once: on a busy machine, more of them take too long. */
const IDS_AT_ONCE = 500

/** Where tickets are at present. */
interface Place {
  /** What stands before the names of the ticket's keys. */
  tag: (id: number) => string
  /** The master that holds them. */
  home: (tag: string) => Redis
  clients: Redis[]
}

/** In a Cluster. The blocks are short, so that a few tickets are in all partitions. */
export const PARTITIONING: Partitioning = { count: 16, block: 4 }

async function locateInSet (set: SentinelSet): Promise<Place> {
  const master = set.connect(await set.master())
  return { tag: () => '', home: () => master, clients: [master] }
}

async function locateInCluster (cluster: Cluster): Promise<Place> {
  const masters = await Promise.all((await cluster.masters()).map(async node => ({ client: cluster.connect(node), slots: new Set(await cluster.slotsOf(node)) })))
  return {
    tag: id => `{${partitionOf(id, PARTITIONING)}}`,
    home: tag => masters.find(({ slots }) => slots.has(calculateSlot(tag)))!.client,
    clients: masters.map(({ client }) => client),
  }
}

/**
 * A Sentinel set or a Cluster, and a database that no other test uses. The set is the test's own, so that nothing is
 * to be removed from it. It is asked anew each time who is master.
 */
export async function createSetStores (t: Test, set: SentinelSet | Cluster, urls: { mysql?: string } = {}): Promise<AnyStores> {
  const { sql, url } = await createTestDatabase(t, urls.mysql)

  async function look<T> (work: (place: Place) => Promise<T>): Promise<T> {
    const place = 'sentinels' in set ? await locateInSet(set) : await locateInCluster(set)
    try {
      return await work(place)
    } finally {
      for (const client of place.clients) client.disconnect()
    }
  }

  return {
    sql,
    variables: { ...set.variables, REDIS_PARTITIONS: PARTITIONING.count, REDIS_PARTITION_BLOCK: PARTITIONING.block, KEY_PREFIX: '', MYSQL_URL: url } satisfies Variables,
    readHashes: ids => look(async ({ tag, home }) => {
      const hashes = new Map<number, Record<string, string>>()
      for (let i = 0; i < ids.length; i += IDS_AT_ONCE) {
        const some = await readHashes(ids.slice(i, i + IDS_AT_ONCE), async id => await home(tag(id)).hgetall(`${tag(id)}ticket:${id}`))
        for (const [id, hash] of some) hashes.set(id, hash)
      }
      return hashes
    }),
    readDue: id => look(async ({ tag, home }) => await home(tag(id)).zscore(`${tag(id)}tickets:due`, String(id))),
  }
}
