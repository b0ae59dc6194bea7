import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { eventually, privateRedis } from '../helper.js'
import { cycles } from './harness/cycles.js'
import type { Instance } from './harness/instance.js'
import { startProxy } from './harness/proxy.js'
import { createRig, type Rig } from './harness/rig.js'

/** Nothing is flushed unless a case asks for it. */
const QUIET = { FLUSH_INTERVAL_MS: 3_600_000 }

const UPSERT = /INSERT INTO `wp_support_tickets`/
const CLAIM = new RegExp(createHash('sha1').update(readFileSync(new URL('../../src/tickets/scripts/claim-2.lua', import.meta.url))).digest('hex'))

/** A closed ticket that MySQL does not hold. */
async function createTicket (rig: Rig, instance: Instance): Promise<number> {
  const id = rig.ledger.nextId()
  await rig.writer(instance).create(id, { customer_id: 1, subject: 'old', status: 'closed' })
  return id
}

const flush = async (rig: Rig, instance: Instance) => await rig.call('POST', `${await instance.url()}/flush`)

/** Until nobody holds a claim on the ticket any more, so that it is due. */
const comesBack = (rig: Rig, instance: Instance) => eventually(async () => {
  const { body } = await rig.call('GET', `${await instance.url()}/flush`)
  if ((body as { due: number }).due !== 1) throw new Error(JSON.stringify(body))
})

t.test('an instance that sleeps through its lease', async t => {
  const server = await privateRedis(t)
  const rig = await createRig(t, { redis: server.url })
  const redis = await startProxy(t, server.url)
  const mysql = await startProxy(t, String(rig.stores.variables.MYSQL_URL))
  const [sleeper, other] = await Promise.all([
    // Redis answers it long after the lease has ended, and that is in time for its own clock.
    rig.start({ ...QUIET, REDIS_URL: redis.url, REDIS_COMMAND_TIMEOUT_MS: 20_000 }),
    rig.start({ ...QUIET, MYSQL_URL: mysql.url, FLUSH_LEASE_MS: 30_000 }),
  ])

  // From here on Redis knows the script, and does not ask for it first.
  await flush(rig, sleeper)

  await cycles(t, async name => {
    const id = await createTicket(rig, other)
    const claim = redis.holdReply(CLAIM)
    const slept = flush(rig, sleeper)
    await claim.held
    await comesBack(rig, other)
    await rig.writer(other).change(id, { subject: 'newer' })
    t.match(await flush(rig, other), { status: 200, body: { claimed: 1, synced: 1 } })
    t.equal(await rig.archived(id), rig.ledger.version(id))

    // And a still newer one, which the other instance has claimed and is about to write.
    await rig.writer(other).change(id, { subject: 'newest' })
    const upsert = mysql.holdRequest(UPSERT)
    const written = flush(rig, other)
    await upsert.held
    const mark = await rig.due(id)

    await claim.release()
    t.match(await slept, { status: 200, body: { claimed: 1, synced: 0 } })
    t.equal(await rig.due(id), mark, 'the claim of the other is let be')
    await upsert.release()
    t.match(await written, { status: 200, body: { claimed: 1, synced: 1 } })
    t.equal(await rig.due(id), null)
    await rig.check(other, name)
  })
})

t.test('a statement that arrives when its sender has given it up', async t => {
  const rig = await createRig(t)
  const mysql = await startProxy(t, String(rig.stores.variables.MYSQL_URL))
  // It waits a third of the lease for MySQL.
  const service = await rig.start({ ...QUIET, MYSQL_URL: mysql.url })
  await cycles(t, async name => {
    const id = await createTicket(rig, service)
    const upsert = mysql.holdRequest(UPSERT)
    t.match(await flush(rig, service), { status: 503, body: { code: 'store_unavailable' } }, 'it was given up')
    await rig.writer(service).change(id, { subject: 'newer' })
    t.match(await flush(rig, service), { status: 200, body: { claimed: 1, synced: 1 } })
    await upsert.release()
    await rig.check(service, name)
  })
})

t.test('a ticket that changes between claim and settling', async t => {
  const rig = await createRig(t)
  const mysql = await startProxy(t, String(rig.stores.variables.MYSQL_URL))
  const service = await rig.start({ MYSQL_URL: mysql.url, FLUSH_LEASE_MS: 30_000 })
  await cycles(t, async name => {
    const upsert = mysql.holdRequest(UPSERT)
    const id = await createTicket(rig, service)
    await upsert.held
    await rig.writer(service).change(id, { subject: 'newer' })
    await upsert.release()
    await eventually(async () => {
      if (await rig.archived(id) !== rig.ledger.version(id)) throw new Error('the newer version has not reached MySQL by itself')
    })
    await rig.check(service, name)
  })
})
