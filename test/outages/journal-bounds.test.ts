import t from 'tap'
import { TICKET_BYTES_MAX, TICKET_ENTRIES_MAX } from '../../src/journal/room.ts'
import { createService, createStores, eventually, privateRedis, type Service } from '../helper.ts'
import { watchResults } from '../results.ts'
import { insertEntry, journaling, ready, replayLock } from './journal.ts'

const MIB = 1024 * 1024

/** About 50 KB, another one each time. */
const fat = (i: number) => ({ subject: `change ${i}`, custom_fields: Object.fromEntries(Array.from({ length: 50 }, (_, j) => [`field_${j}`, String(i).padEnd(1000, '.')])) })

/** As another instance, or an older version, has kept them. */
async function insertEntries (sql: Service['sql'], entries: readonly Parameters<typeof insertEntry>[1][]) {
  for (let i = 0; i < entries.length; i += 100) await insertEntry(sql, ...entries.slice(i, i + 100))
}

const pendingOf = async ({ call }: Pick<Service, 'call'>) => (await call('GET', '/journal')).body.pending as number

t.test('whatever waits for a ticket, it is read, listed and applied in parts', async t => {
  const stores = await createStores(t)
  const service = await createService(t, {}, stores)
  const { app, call, sql, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  await sql.query('SELECT GET_LOCK(?, 1)', [replayLock(String(stores.variables.MYSQL_URL))])
  const at = Date.now() + 60_000
  await insertEntries(sql, Array.from({ length: 300 }, (_, i) => ({ ticket_id: 1, fields: fat(i), accepted_at: at })))
  await insertEntries(sql, Array.from({ length: 200 }, (_, i) => ({ ticket_id: i + 2, op: 'create', fields: { customer_id: i + 2, ...fat(i) }, accepted_at: at })))
  const largest = watchResults(app.mysql)

  // The instance sees that there is a journal when it looks, or asks it for what it does not find.
  await eventually(async () => { if (app.tickets.journal.gate.isIdle()) await call('GET', '/tickets/2').then(({ status }) => { if (status !== 200) throw new Error('not yet') }) })
  const reads = await app.tickets.repository.read(Array.from({ length: 201 }, (_, i) => i + 1))
  for (const [i, found] of reads.slice(1).entries()) t.match(found, { ticket: { ticket_id: i + 2, customer_id: i + 2, subject: `change ${i}` }, pending: 1 })
  t.ok(largest.bytes > MIB / 2 && largest.bytes < 1.2 * MIB, `reads: ${largest.bytes} bytes of ${largest.sql.slice(0, 40)}`)

  const seqs: number[] = []
  for (let after: number | null = 0; after !== null;) {
    const { body } = await call('GET', `/journal?state=pending&limit=500&after=${after}`)
    t.ok(body.entries.length > 0)
    seqs.push(...body.entries.map(({ seq }: { seq: number }) => seq))
    after = body.next
  }
  t.equal(seqs.length, 500)
  t.strictSame(seqs, [...new Set(seqs)].sort((a, b) => a - b), 'each once, in their order')
  t.ok(largest.bytes < 1.2 * MIB, `lists: ${largest.bytes} bytes of ${largest.sql.slice(0, 40)}`)

  await sql.query('DO RELEASE_LOCK(?)', [replayLock(String(stores.variables.MYSQL_URL))])
  await eventually(async () => { if (await pendingOf(service) > 0) throw new Error('not applied yet') })
  t.match(await hash(1), { subject: 'change 299' })
  t.match(await hash(201), { subject: 'change 199' })
  t.equal((await call('GET', '/journal')).body.conflicts, 0)
  t.ok(largest.bytes < 4.5 * MIB, `replay: ${largest.bytes} bytes of ${largest.sql.slice(0, 40)}`)
})

t.test('without Redis, readers of a ticket for which much waits get what it will be', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { app, call, sql } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await server.kill()
  await journaling(service)
  await insertEntries(sql, Array.from({ length: 300 }, (_, i) => ({ ticket_id: 1, fields: fat(i) })))
  const largest = watchResults(app.mysql)
  const answers = await Promise.all([call('GET', '/tickets/1'), call('GET', '/tickets/1')])
  for (const answer of answers) t.match(answer, { status: 200, headers: { 'x-ticket-pending-changes': 300 }, body: { subject: 'change 299', status: 'closed' } })
  t.ok(largest.bytes < 1.2 * MIB, `${largest.bytes} bytes of ${largest.sql.slice(0, 40)}`)
})

t.test('one ticket has so many changes waiting and no more', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { call, sql, hash } = service
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await server.kill()
  await journaling(service)
  const at = Date.now() + 60_000
  await insertEntries(sql, Array.from({ length: TICKET_ENTRIES_MAX - 1 }, (_, i) => ({ ticket_id: 1, fields: { subject: `change ${i}` }, accepted_at: at })))
  const padding = 'x'.repeat(TICKET_BYTES_MAX - 100)
  await insertEntry(sql, { ticket_id: 2, fields: { padding }, accepted_at: at })

  const full = { status: 503, headers: { 'retry-after': '10' }, body: { code: 'overloaded', detail: /changes of the ticket wait.*1000, or 4 MiB.*Nothing was changed/ } }
  t.equal((await call('PATCH', '/tickets/1', { subject: 'last' })).status, 202)
  t.match(await call('PATCH', '/tickets/1', { subject: 'too many' }), full, 'by their number')
  t.equal((await call('PATCH', '/tickets/2', { subject: 'x' })).status, 202)
  t.match(await call('PATCH', '/tickets/2', { subject: 'too many bytes'.padEnd(200, '!') }), full, 'by their bytes')
  const { status, body } = await call('POST', '/tickets/batch', { operations: [1, 3, 1].map(ticket_id => ({ op: 'update', ticket_id, subject: 'of a batch' })) })
  t.match([status, body.results], [207, [{ status: 503, error: { code: 'overloaded' } }, { status: 202 }, { status: 503 }]], 'which stops no other ticket')
  t.match((await call('GET', '/tickets/1')).headers, {}, 'nothing fails')
  t.match((await call('GET', '/metrics')).text, /tickets_journal_full_total\{reason="ticket"\} 4/)

  await server.restart()
  await ready(service, 'ready')
  t.match(await hash(1), { subject: 'last' })
  t.match(await hash(3), { subject: 'of a batch' })
  t.equal((await call('PATCH', '/tickets/1', { subject: 'after' })).status, 200)
})

t.test('the journal holds so much and no more, and leaves room to other callers', async t => {
  const { app: { tickets: { journal } }, sql, variables } = await createService(t, { JOURNAL_MAX_BYTES: MIB })
  await sql.query('SELECT GET_LOCK(?, 1)', [replayLock(String(variables.MYSQL_URL))])
  let id = 0
  function append (caller: string) {
    id += 1
    return journal.append([{ caller, change: { op: 'update', ticket_id: id, fields: { subject: 'x'.repeat(8000) } } }])
  }
  async function fill (caller: string): Promise<number> {
    for (let kept = 0; ; kept += 1) {
      const [answer] = await append(caller)
      if (!('journaled' in answer!)) {
        t.match(answer, { code: 'overloaded', status: 503, headers: { 'retry-after': '10' } })
        return kept
      }
    }
  }
  const [noisy, second, third] = [await fill('noisy'), await fill('second'), await fill('third')]
  t.ok(noisy > 50 && noisy < 65, `alone half of it: ${noisy}`)
  t.ok(second > 25 && second < 35, `beside another as much as is left free then: ${second}`)
  t.ok(third > 10 && third < 20, `and so on: ${third}`)
  t.equal(Number((await sql.query('SELECT COUNT(*) AS entries FROM wp_support_tickets_journal') as unknown as [[{ entries: number }]])[0][0].entries), noisy + second + third)

  await sql.query('DELETE FROM wp_support_tickets_journal')
  await eventually(async () => { if (!('journaled' in (await append('noisy'))[0]!)) throw new Error('not counted yet') })
})
