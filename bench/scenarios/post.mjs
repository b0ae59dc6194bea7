/** A ticket is created, by one request: what the service exists for. */
import { Failure } from '../../scripts/lib/main.mjs'
import { besides } from '../lib/besides.mjs'
import { contender } from '../lib/contender.mjs'
import { create, TICKET } from '../lib/requests.mjs'
import { interleave } from '../lib/rounds.mjs'
import { count, withRedis, withSql } from '../lib/stores.mjs'
import { twins } from '../lib/twins.mjs'
import { WEBDIS_CONNECTIONS, webdisContender } from '../lib/webdis.mjs'

/** @type {import('./index.mjs').Scenario} */
export const post = {
  name: 'post',
  title: 'Creating a ticket',
  minutes: 2.2,
  needs: ['wrk'],
  wants: ['webdis'],

  async run ({ stage, plan, has, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const services = await stage.services({ redis, mariadb })
    const [{ key }] = services
    await withSql(mariadb, (sql) => sql.query('CREATE TABLE inserted LIKE wp_support_tickets'))
    const inserting = await stage.bare({ MYSQL_URL: mariadb.url, TABLE: 'inserted' })
    const seconds = plan.sliceSeconds

    const contenders = [
      twins({ stage, seconds, name: 'service', servers: services, requests: [create(key)], statuses: [201] }),
      twins({ stage, seconds, name: 'bare', servers: [await stage.bare(), await stage.bare()], requests: [create(key)], statuses: [201] }),
      contender({ stage, seconds, name: 'mysql', server: inserting, requests: [create(key)], statuses: [201] }),
    ]
    if (has('webdis')) contenders.push(await webdisContender({ stage, redis, seconds, connections: 64 }), await webdisContender({ stage, redis, seconds, name: 'webdis-best' }))
    const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })

    for (const name of ['service', 'webdis']) await checkHash(redis, name, series.get(name)?.at(-1)?.firstId)
    const inserts = (series.get('mysql') ?? []).reduce((sum, { requests }) => sum + requests, 0)
    if (await count(mariadb, 'SELECT COUNT(*) AS count FROM inserted') < inserts) throw new Failure('Not every ticket was inserted into MySQL that was said to be')

    return besides({
      scenario: 'post',
      work: 'POST a ticket, 64 connections',
      unit: 'requests/s',
      subject: 'service',
      series,
      besides: [
        { name: 'bare', label: 'the same Fastify route without a store', bar: { op: '>=', value: 0.9 } },
        { name: 'webdis', label: 'Webdis, one thread, bare HSET', bar: { op: '>=', value: 0.65 } },
        { name: 'webdis-best', label: `Webdis with ${WEBDIS_CONNECTIONS} connections, which serve it best` },
        { name: 'mysql', label: 'the same route, an INSERT for each request', bar: { op: '>=', value: 3 } },
      ],
    })
  },
}

/**
 * @param {import('../lib/stage.mjs').Redis} server
 * @param {string} name
 * @param {number | undefined} id undefined: there was no such contender
 */
async function checkHash (server, name, id) {
  if (id === undefined) return
  const hash = await withRedis(server, (redis) => redis.hgetall(`ticket:${id}`))
  const expected = { ticket_id: id, ...TICKET }
  for (const [field, value] of Object.entries(expected)) {
    if (hash[field] !== String(value)) throw new Failure(`Ticket ${id}, which ${name} has created, is in Redis as ${JSON.stringify(hash)}`)
  }
}
