import { createHash } from 'node:crypto'
import t from 'tap'
import { SCRIPTS } from '../../src/store/scripts.ts'
import { asService } from '../../scripts/lib/redis-users.mjs'
import { eventually, privateRedis } from '../helper.ts'
import { cycles } from './harness/cycles.ts'
import type { Instance } from './harness/instance.ts'
import { startProxy } from './harness/proxy.ts'
import { createRig } from './harness/rig.ts'

const UPSERT = /INSERT INTO `wp_support_tickets`/
/** Scripts are called by their SHA-1. */
const CLAIM = new RegExp(createHash('sha1').update(SCRIPTS.claim.lua).digest('hex'))

t.test('writers that come late', async t => {
  const server = await privateRedis(t)
  const rig = await createRig(t, { redis: server.url })
  const redis = await startProxy(t, asService(server.url))
  const mysql = await startProxy(t, String(rig.stores.variables.MYSQL_URL))
  // Nothing is flushed unless a case asks for it.
  const variables = { MYSQL_URL: mysql.url, FLUSH_INTERVAL_MS: 3_600_000 }
  const [hasty, patient] = await Promise.all([
    // Waits longer for Redis than its lease lasts, and for MySQL only a third of it.
    rig.start({ ...variables, REDIS_URL: redis.url, REDIS_COMMAND_TIMEOUT_MS: 20_000, FLUSH_LEASE_MS: 500 }),
    rig.start({ ...variables, FLUSH_LEASE_MS: 30_000 }),
  ])
  const writer = rig.writer(patient)
  const flush = async (instance: Instance) => await rig.call('POST', `${await instance.url()}/flush`)
  // From here on Redis knows the scripts, and does not ask for them first.
  await flush(hasty)

  /** A closed ticket that MySQL does not hold. */
  async function createTicket (): Promise<number> {
    const id = rig.ledger.nextId()
    await writer.create(id, { customer_id: 1, subject: 'old', status: 'closed' })
    return id
  }

  t.test('an instance sleeps through its lease, between its claim and its statement', async t => {
    await cycles(t, async name => {
      const id = await createTicket()
      const claim = redis.holdReply(CLAIM)
      const slept = flush(hasty)
      await claim.held
      await eventually(async () => {
        const { body } = await rig.call('GET', `${await patient.url()}/flush`)
        if ((body as { due: number }).due !== 1) throw new Error('the lease has not ended')
      })
      await writer.change(id, { subject: 'newer' })
      t.match(await flush(patient), { status: 200, body: { claimed: 1, synced: 1 } }, 'the other writes the newer version')

      await writer.change(id, { subject: 'newest' })
      const upsert = mysql.holdRequest(UPSERT)
      const written = flush(patient)
      await upsert.held
      const mark = await rig.due(id)

      await claim.release()
      t.match(await slept, { status: 200, body: { claimed: 1, synced: 0 } }, 'the sleeper comes too late')
      t.equal(await rig.due(id), mark, 'the claim of the other is let be')
      await upsert.release()
      t.match(await written, { status: 200, body: { claimed: 1, synced: 1 } }, 'the other writes the newest')
      t.equal(await rig.due(id), null)
      await rig.check(t, patient, name)
    })
  })

  t.test('a statement arrives when its sender has given it up', async t => {
    await cycles(t, async name => {
      const id = await createTicket()
      const upsert = mysql.holdRequest(UPSERT)
      t.match(await flush(hasty), { status: 503, body: { code: 'store_unavailable' } }, 'it was given up')
      await writer.change(id, { subject: 'newer' })
      t.match(await flush(patient), { status: 200, body: { claimed: 1, synced: 1 } }, 'the newer version is written')
      await upsert.release()
      await rig.check(t, patient, name)
    })
  })

  t.test('a statement fails when another instance has claimed the ticket', async t => {
    await cycles(t, async name => {
      const id = await createTicket()
      const upsert = mysql.holdRequest(UPSERT)
      const failed = flush(patient)
      await upsert.held
      await writer.change(id, { subject: 'newer' })
      const claim = redis.holdReply(CLAIM)
      const written = flush(hasty)
      await claim.held
      const mark = await rig.due(id)

      upsert.drop()
      t.match(await failed, { status: 503, body: { code: 'store_unavailable' } }, 'the first gives up')
      t.equal(await rig.due(id), mark, 'the claim of the other is let be')
      await claim.release()
      t.match(await written, { status: 200, body: { claimed: 1, synced: 1 } }, 'the other writes the newer version')
      await rig.check(t, patient, name)
    })
  })

  t.test('a ticket changes between claim and settling', async t => {
    await cycles(t, async name => {
      const id = await createTicket()
      const upsert = mysql.holdRequest(UPSERT)
      const first = flush(patient)
      await upsert.held
      await writer.change(id, { subject: 'newer' })
      await upsert.release()
      t.match(await first, { status: 200, body: { claimed: 1, synced: 1, remaining: 1 } }, 'the newer version waits')
      t.match(await flush(patient), { status: 200, body: { claimed: 1, synced: 1, remaining: 0 } }, 'and follows')
      t.equal(await rig.archived(id), rig.ledger.version(id))
      await rig.check(t, patient, name)
    })
  })
})
