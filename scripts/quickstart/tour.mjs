/** A ticket's life, told in HTTP calls, with a look into both databases. Every step is checked. */
import { until } from '../lib/until.mjs'
import { call, chapter, check, showRecord } from './show.mjs'

/** Two rounds of the background flush: whichever pass has the ticket in hand has then finished. */
const SYNC_TIMEOUT_MS = 10_000

/**
 * @param {object} stage
 * @param {string} stage.url of the service
 * @param {{ url: string, client: string }} stage.redis
 * @param {{ url: string, client: string }} stage.mariadb
 */
export async function tour ({ url, redis, mariadb }) {
  // The caller chooses the id; in WordPress it is that of the post. This one is new on each run.
  const id = Date.now()
  const ticketUrl = `${url}/tickets/${id}`

  chapter('Create a ticket. Redis has it when the answer comes; MySQL has not heard of it.')
  const created = await call('POST', ticketUrl, {
    customer_id: 42, subject: 'The printer is on fire', priority: 'high', custom_fields: { floor: 3 },
  })
  check('created', created.status, 201)
  check('Location names the ticket', created.headers.get('location'), `/tickets/${id}`)
  check('ETag is the version in quotes', created.headers.get('etag'), `"${created.body.version}"`)
  check('it is open', created.body.status, 'open')

  chapter('Change it: what is not named stays.')
  const changed = await call('PATCH', ticketUrl, { status: 'pending', assigned_to: 7 })
  check('changed', changed.status, 200)
  check('it is pending', changed.body.status, 'pending')
  check('it has an assignee', changed.body.assigned_to, 7)
  check('the subject is as it was', changed.body.subject, created.body.subject)
  check('the version has grown', changed.body.version > created.body.version, true)

  chapter('In Redis the ticket is one flat hash, readable by any program.')
  const hash = await readHash(redis.url, `ticket:${id}`)
  showRecord(`${redis.client} HGETALL ticket:${id}`, hash)
  check('the hash holds the change', hash.status, 'pending')

  chapter('Close it. That makes it due for MySQL.')
  const closed = await call('PATCH', ticketUrl, { status: 'closed' })
  check('changed', closed.status, 200)
  check('it is closed', closed.body.status, 'closed')
  check('closed_at is set', Number.isInteger(closed.body.closed_at), true)

  chapter('Push what is due now. The background flush does this every five seconds, and may have been faster.')
  const flushed = await call('POST', `${url}/flush`)
  check('flushed', flushed.status, 200)
  check('it tells how many tickets it synced', Number.isInteger(flushed.body.synced), true)

  chapter('The backlog: what Redis holds and MySQL does not.')
  const backlog = await call('GET', `${url}/flush`)
  check('answered', backlog.status, 200)
  check('only closed tickets are pushed', backlog.body.strategy, 'hybrid')
  check('it tells how many tickets wait', Number.isInteger(backlog.body.unsynced), true)

  chapter('The ticket knows that MySQL is up to date: synced_version equals version.')
  await until(async () => isSynced(ticketUrl), SYNC_TIMEOUT_MS)
  const ticket = await call('GET', ticketUrl)
  check('found', ticket.status, 200)
  check('nothing changed it in between', ticket.body.version, closed.body.version)
  check('MySQL holds this version', ticket.body.synced_version, ticket.body.version)

  chapter('And here is its row.')
  const sql = `SELECT * FROM wp_support_tickets WHERE ticket_id = ${id}`
  const row = await readRow(mariadb.url, sql)
  showRecord(`${mariadb.client} --vertical --execute '${sql}'`, row)
  check('the row holds the version', Number(row.version), ticket.body.version)
  check('the row is closed', row.status, 'closed')
  check('the row has its customer', Number(row.customer_id), 42)
  check('the row has its assignee', Number(row.assigned_to), 7)
}

/** @param {string} ticketUrl */
async function isSynced (ticketUrl) {
  const response = await fetch(ticketUrl)
  const ticket = /** @type {any} */ (await response.json())
  return response.status !== 200 || ticket.synced_version === ticket.version
}

/**
 * @param {string} url
 * @param {string} key
 * @returns {Promise<Record<string, string>>}
 */
async function readHash (url, key) {
  const { Redis } = await import('ioredis')
  const redis = new Redis(url)
  try {
    return await redis.hgetall(key)
  } finally {
    redis.disconnect()
  }
}

/**
 * @param {string} uri
 * @param {string} sql
 * @returns {Promise<Record<string, unknown>>} the first row; empty when there is none
 */
async function readRow (uri, sql) {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri, dateStrings: true, jsonStrings: true })
  try {
    const [rows] = await connection.query(sql)
    return /** @type {Record<string, unknown>[]} */ (rows)[0] ?? {}
  } finally {
    await connection.end()
  }
}
