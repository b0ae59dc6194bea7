/** What lists and changes cost a write: the service beside itself without the indexes and the change log. */
import { Failure } from '../../scripts/lib/main.mjs'
import { until } from '../../scripts/lib/until.mjs'
import { twins } from '../lib/contender.ts'
import { KEYS, removeFromRedis, withRedis } from '../lib/databases.ts'
import { create, createBatch, reprioritizations } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { type Bar, besides, type Row } from '../lib/rows.ts'
import type { Mariadb, Redis, Service, Stage } from '../lib/stage.ts'
import { fill, type Ids } from '../lib/tickets.ts'
import type { Scenario } from './index.ts'

const BATCH_SIZE = 100
const KNOWN_TICKETS = 10_000
/** The indexes are removed when the service has started. */
const REMOVED_WITHIN_MS = 10_000

export const WITHOUT = { LISTS: 'off', CHANGES_RETENTION_SECONDS: '0' }

interface Side { name: string, redis: Redis, services: [Service, Service], known: Ids }

interface Work {
  work: string
  unit: string
  bar: Bar
  statuses: number[]
  requests: (key: string) => string[]
  connections?: number
  ticketsPerRequest?: number
}

const WORKS: readonly Work[] = [
  { work: 'POST a ticket, 64 connections', unit: 'requests/s', bar: { op: '>=', value: 0.85 }, statuses: [201], requests: key => [create(key)] },
  { work: 'PATCH a field that no index has, 64 connections', unit: 'requests/s', bar: { op: '>=', value: 0.97 }, statuses: [200], requests: reprioritizations },
  {
    work: `POST batches of ${BATCH_SIZE}, 16 connections`, unit: 'tickets/s', bar: { op: '>=', value: 0.7 }, statuses: [200], requests: key => [createBatch(BATCH_SIZE, key)], connections: 16, ticketsPerRequest: BATCH_SIZE,
  },
]

export const withoutLists: Scenario = {
  name: 'without-lists',
  title: 'What lists and changes cost a write',
  minutes: 3.5,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const mariadb = await stage.mariadb()
    const known = plan.choose(KNOWN_TICKETS, KNOWN_TICKETS / 10)
    const sides = [await open(stage, mariadb, 'with', known), await open(stage, mariadb, 'without', known, WITHOUT)]
    const { redis } = sides[1]!
    if (!await until(() => hasNoIndexes(redis), REMOVED_WITHIN_MS)) throw new Failure('LISTS=off leaves indexes in Redis')

    const rows: Row[] = []
    for (const { work, unit, bar, requests, ...load } of WORKS) {
      const contenders = sides.map(({ name, services, redis, known }) => twins({
        ...load,
        name,
        stage,
        servers: services,
        seconds: plan.sliceSeconds,
        requests: requests(services[0].key),
        knownIds: known,
        // Gigabytes else, of which one side has more than the other.
        cleanUp: (ids: Ids) => removeFromRedis(redis, ids),
      }))
      const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note: text => note(`${work}: ${text}`), figure: ({ rate }) => rate })
      rows.push(...besides({ scenario: 'without-lists', work, unit, series, subject: 'with', others: [{ name: 'without', label: 'the same without indexes and change log', bar }] }))
    }
    if (!await hasNoIndexes(redis)) throw new Failure('The service with LISTS=off has indexes after all')
    return rows
  },
}

async function open (stage: Stage, mariadb: Mariadb, name: string, known: number, variables: Record<string, string> = {}): Promise<Side> {
  const redis = await stage.redis()
  const services = await stage.services({ redis, mariadb, variables: { ...variables, TICKETS_TABLE: `tickets_${name}` } })
  return { name, redis, services, known: await fill(services[0], known) }
}

const hasNoIndexes = (node: Redis) => withRedis(node, async redis =>
  await redis.hget(KEYS.index, 'state') === 'off' && await redis.exists(`${KEYS.index}:ranges:open`, KEYS.changes) === 0)
