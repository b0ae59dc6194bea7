/** One ticket per request: it is created, changed, read. What the service exists for. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender, twins } from '../lib/contender.ts'
import { count, withRedis, withSql } from '../lib/databases.ts'
import { changes, create, minimalChanges, read, TICKET } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { type Bar, besides } from '../lib/rows.ts'
import type { Redis } from '../lib/stage.ts'
import { fill, type Ids } from '../lib/tickets.ts'
import { WEBDIS_CONNECTIONS, webdisContender } from '../lib/webdis.ts'
import type { Context, Scenario } from './index.ts'

const BARE_LABEL = 'the same Fastify route without a store'
const KNOWN_TICKETS = 10_000

export const post: Scenario = {
  name: 'post',
  title: 'Creating a ticket',
  minutes: 2.2,
  needs: ['wrk'],
  wants: ['webdis'],

  async run ({ stage, plan, has, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const services = await stage.services({ redis, mariadb })
    await withSql(mariadb, sql => sql.query('CREATE TABLE inserted LIKE wp_support_tickets'))
    const seconds = plan.sliceSeconds
    const options = { stage, seconds, requests: [create(services[0].key)], statuses: [201] }

    const contenders = [
      twins({ ...options, name: 'service', servers: services }),
      twins({ ...options, name: 'bare', servers: [await stage.bare(), await stage.bare()] }),
      contender({ ...options, name: 'mysql', server: await stage.bare({ MYSQL_URL: mariadb.url, TABLE: 'inserted' }) }),
    ]
    if (has('webdis')) contenders.push(await webdisContender({ stage, redis, seconds, connections: 64 }), await webdisContender({ stage, redis, seconds, name: 'webdis-best' }))
    const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })

    for (const name of ['service', 'webdis']) await checkHash(redis, name, series.get(name)?.at(-1)?.ids)
    const inserts = (series.get('mysql') ?? []).reduce((sum, { requests }) => sum + requests, 0)
    if (await count(mariadb, 'SELECT COUNT(*) AS count FROM inserted') < inserts) throw new Failure('Not every ticket was inserted into MySQL that was said to be')

    return besides({
      scenario: 'post',
      work: 'POST a ticket, 64 connections',
      unit: 'requests/s',
      series,
      subject: 'service',
      others: [
        { name: 'bare', label: BARE_LABEL, bar: { op: '>=', value: 0.88 }, chart: 'POST a ticket, beside the same route without a store' },
        { name: 'webdis', label: 'Webdis, one thread, bare HSET', bar: { op: '>=', value: 0.7 } },
        { name: 'webdis-best', label: `Webdis with ${WEBDIS_CONNECTIONS} connections, which serve it best` },
        { name: 'mysql', label: 'the same route, an INSERT for each request', bar: { op: '>=', value: 3.2 }, chart: 'POST a ticket, beside an INSERT into MySQL per request' },
      ],
    })
  },
}

/** @param ids of a slice that this contender had; undefined: there was no such contender */
async function checkHash (server: Redis, name: string, ids: Ids | undefined): Promise<void> {
  if (!ids) return
  const hash = await withRedis(server, redis => redis.hgetall(`ticket:${ids.first}`))
  for (const [field, value] of Object.entries({ ticket_id: ids.first, ...TICKET })) {
    if (hash[field] !== String(value)) throw new Failure(`Ticket ${ids.first}, which ${name} has created, is in Redis as ${JSON.stringify(hash)}`)
  }
}

export const patch = besideBare({
  name: 'patch',
  title: 'Changing a ticket',
  work: 'PATCH status, answering the whole ticket, 64 connections',
  requests: changes,
  bar: { op: '>=', value: 0.8 },
  other: { label: 'the same with Prefer: return=minimal', requests: minimalChanges, status: 204 },
})

export const get = besideBare({
  name: 'get', title: 'Reading a ticket', work: 'GET a ticket, 64 connections', requests: key => [read(key)], bar: { op: '>=', value: 0.85 },
})

interface BesideBare extends Pick<Scenario, 'name' | 'title'> {
  work: string
  requests: (key: string) => string[]
  bar: Bar
  /** Another way to the same. */
  other?: { label: string, requests: (key: string) => string[], status: number }
}

/** A route on tickets that are there, beside the same route without a store. */
function besideBare ({ name, title, work, requests, bar, other }: BesideBare): Scenario {
  return {
    name,
    title,
    minutes: other ? 1.8 : 1.2,
    needs: ['wrk'],
    wants: [],

    async run ({ stage, plan, note }: Context) {
      const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
      const services = await stage.services({ redis, mariadb })
      const { key } = services[0]
      const options = { stage, seconds: plan.sliceSeconds, requests: requests(key), statuses: [200], knownIds: await fill(services[0], KNOWN_TICKETS) }
      const contenders = [
        twins({ ...options, name: 'service', servers: services }),
        twins({ ...options, name: 'bare', servers: [await stage.bare(), await stage.bare()] }),
      ]
      if (other) contenders.push(twins({ ...options, name: 'other', servers: services, requests: other.requests(key), statuses: [other.status] }))
      const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })
      const others = [{ name: 'bare', label: BARE_LABEL, bar }, ...(other ? [{ name: 'other', label: other.label }] : [])]
      return besides({ scenario: name, work, unit: 'requests/s', series, subject: 'service', others })
    },
  }
}
