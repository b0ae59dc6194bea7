import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import type { RowDataPacket } from 'mysql2/promise'
import t from 'tap'
import { createService, createStores, type Stores } from '../helper.ts'

const ROOT = new URL('../../', import.meta.url)

const tables = async ({ sql }: Stores) => (await sql.query<RowDataPacket[]>('SHOW TABLES'))[0].map(row => String(Object.values(row)[0]))

const runMigrate = (variables: Stores['variables']) =>
  promisify(execFile)('npm', ['run', '-s', 'migrate'], { cwd: ROOT, env: { ...process.env, ...variables as Record<string, string> } })

t.test('instances that start together migrate once', async t => {
  const stores = await createStores(t)
  const services = await Promise.all([1, 2, 3].map(() => createService(t, {}, stores)))
  t.equal(services.filter(({ lines }) => lines.all.some(line => line.migrations)).length, 1, 'one of them did it')
  t.strictSame((await tables(stores)).sort(), ['wp_support_tickets', 'wp_support_tickets_erasures', 'wp_support_tickets_journal', 'wp_support_tickets_migrations'])
})

t.test('an instance with nothing to migrate does not wait for one that migrates', async t => {
  const stores = await createStores(t)
  await createService(t, {}, stores)
  const [[row]] = await stores.sql.query<RowDataPacket[]>('SELECT DATABASE() AS name')
  await stores.sql.query('SELECT GET_LOCK(?, 0)', [`migrate:${createHash('sha1').update(`${row!.name}.wp_support_tickets`).digest('hex')}`])
  const { app, lines } = await createService(t, {}, stores)
  await app.mysql.ready()
  t.strictSame(lines.all.filter(({ level }) => level >= 50), [])
})

t.test('an instance that starts while another makes the table of migrations waits for its turn', async t => {
  const stores = await createStores(t)
  // As far as the library has come after its first statement.
  await stores.sql.query('CREATE TABLE wp_support_tickets_migrations (version BIGINT, PRIMARY KEY (version))')
  const { lines } = await createService(t, {}, stores)
  t.strictSame(lines.all.filter(({ level }) => level >= 50), [])
  t.ok(lines.all.some(line => line.migrations))
})

t.test('the table has the contract\'s columns and indexes', async t => {
  const { sql } = await createService(t)
  const [columns] = await sql.query<RowDataPacket[]>('SHOW COLUMNS FROM wp_support_tickets')
  t.strictSame(columns.map(({ Field }) => Field), ['ticket_id', 'customer_id', 'subject', 'status', 'category', 'priority', 'channel', 'assigned_to',
    'custom_fields', 'created_at', 'updated_at', 'closed_at', 'deleted_at', 'version', 'synced_at'])
  const [indexes] = await sql.query<RowDataPacket[]>('SHOW INDEX FROM wp_support_tickets')
  t.strictSame(indexes.map(({ Column_name: column }) => column), ['ticket_id', 'customer_id', 'created_at', 'status', 'updated_at', 'assigned_to', 'status', 'status', 'ticket_id', 'created_at', 'updated_at'])
})

t.test('MYSQL_MIGRATE=false leaves the schema to npm run migrate', async t => {
  const stores = await createStores(t)
  const variables = { MYSQL_MIGRATE: false, TICKETS_TABLE: 'other_tickets' }
  const { call, lines } = await createService(t, variables, stores)
  t.strictSame(await tables(stores), [])
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  t.equal((await call('POST', '/flush')).status, 503)
  t.ok(await lines.waitFor(({ level, err }) => level >= 40 && /other_tickets/.test(JSON.stringify(err))), 'the log names the missing table')

  t.match((await runMigrate({ ...stores.variables, TICKETS_TABLE: 'other_tickets' })).stdout, /ran create-tickets/)
  t.strictSame((await tables(stores)).sort(), ['other_tickets', 'other_tickets_erasures', 'other_tickets_journal', 'other_tickets_migrations'])
  t.match((await runMigrate({ ...stores.variables, TICKETS_TABLE: 'other_tickets' })).stdout, /up to date/)
  t.match((await call('POST', '/flush')).body, { synced: 1 }, 'the ticket waited')
})

t.test('npm run migrate fails with the reason', async t => {
  await t.rejects(runMigrate({ MYSQL_URL: 'mysql://root@127.0.0.1:1/tickets' }), { code: 1, stderr: /could not be migrated.*ECONNREFUSED/ })
})

t.test('a migration that was changed after it ran is refused', async t => {
  const stores = await createStores(t)
  await createService(t, {}, stores)
  await stores.sql.query('UPDATE wp_support_tickets_migrations SET md5 = \'0\' WHERE version = 1')
  const { lines } = await createService(t, {}, stores)
  t.match(await lines.waitFor(({ msg }) => /MySQL cannot be used/.test(msg)), { err: { cause: { message: /checksum.*\[1\]/ } } })
})
