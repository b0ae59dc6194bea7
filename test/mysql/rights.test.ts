import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { findExecutables } from '../../scripts/lib/binaries.mjs'
import { ROOT } from '../../scripts/lib/project.mjs'
import { createService, createStores, eventually, privateMariadb, privateRedis } from '../helper.ts'

const RIGHTS = readFileSync(join(ROOT, 'deploy/mysql/rights.sql'), 'utf8').replaceAll(/^--.*\n/gm, '')

/** Of all statements of rights.sql. */
const names = [...RIGHTS.matchAll(/^GRANT (.+) ON tickets\.\* TO 'tickets'@'%';$/gm)].flatMap(([, list = '']) => list.split(', '))

const text = (row: RowDataPacket) => String(Object.values(row)[0])

t.test('the service does all that it does with the rights of deploy/mysql/rights.sql, and with none of them less', async t => {
  t.strictSame(names, ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'INDEX'])
  t.notOk(await isDenied(t), 'with all of them')
  // Migrations so far make indexes with their tables; INDEX is for those to come.
  for (const right of names.filter(name => name !== 'INDEX')) t.ok(await isDenied(t, right), `without ${right}`)
})

/** Whether MySQL refuses something of what the service does: its migrations, a push, a change of what is there, a look-up, the journal. */
async function isDenied (t: Test, missing?: string): Promise<boolean> {
  const redis = await privateRedis(t)
  const stores = await createStores(t, { redis: redis.url })
  const url = new URL(stores.variables.MYSQL_URL as string)
  const database = url.pathname.slice(1)
  const user = `'${database}'@'%'`
  await stores.sql.query(`CREATE USER ${user} IDENTIFIED BY 'secret'`)
  t.teardown(() => stores.sql.query(`DROP USER ${user}`))
  for (const statement of RIGHTS.trim().split('\n')) await stores.sql.query(statement.replace("'tickets'@'%'", user).replace('tickets.*', `${database}.*`))
  if (missing) await stores.sql.query(`REVOKE ${missing} ON ${database}.* FROM ${user}`)
  url.username = database
  url.password = ''

  const { app, call, lines } = await createService(t, { MYSQL_URL: url.href, MYSQL_PASSWORD: 'secret' }, stores)
  const isRefused = () => lines.raw.some(line => /command denied|Access denied/.test(line))
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await call('PATCH', '/tickets/1', { subject: 'x' })
  await call('POST', '/flush')
  await stores.redis.del(`${stores.prefix}ticket:1`)
  await call('GET', '/tickets/1')
  if (!isRefused()) {
    await redis.kill()
    await eventually(async () => {
      const { status } = await call('PATCH', '/tickets/1', { subject: 'journaled' })
      if (status !== 202 && !isRefused()) throw new Error(`${status}`)
    })
    await redis.restart()
    await eventually(async () => {
      const { body } = await call('GET', '/tickets/1')
      if (body.subject !== 'journaled' && !isRefused()) throw new Error(JSON.stringify(body))
      const { body: { journal } } = await call('GET', '/health/ready')
      if (journal !== 'idle' && !isRefused()) throw new Error(String(journal))
    })
  }
  await app.close()
  return isRefused()
}

t.test('the user of the quickstart has these rights and no others, and reads and writes no file', async t => {
  const mariadb = await privateMariadb(t, { isProduction: true })
  const sql = await createConnection({ uri: mariadb.url })
  t.teardown(() => { sql.destroy() })
  const grants = (await sql.query<RowDataPacket[]>('SHOW GRANTS'))[0].map(text)
  t.match(grants[0], /^GRANT USAGE ON \*\.\* TO /, 'nothing of the whole server')
  t.equal(grants.length, 2)
  const [, held = '', on] = /^GRANT (.+) ON (\S+) TO /.exec(grants[1]!.replaceAll(/[`']/g, ''))!
  t.strictSame([held.split(', ').sort(), on], [names.toSorted(), 'tickets.*'])
  for (const statement of ['SELECT 1 INTO OUTFILE \'/tmp/out\'', 'CREATE DATABASE other', 'SET GLOBAL read_only = OFF', 'SELECT * FROM mysql.user', 'DROP TABLE tickets.x']) {
    await t.rejects(sql.query(statement), { message: /denied/ } as never, statement)
  }
})

t.test('a data directory in which the user had all rights gives them up', async t => {
  const mariadb = await privateMariadb(t)
  const sql = await createConnection({ uri: mariadb.url })
  for (const statement of RIGHTS.trim().split('\n')) await sql.query(statement.replace("'tickets'@'%'", 'CURRENT_USER()'))
  t.notMatch((await sql.query<RowDataPacket[]>('SHOW GRANTS'))[0].map(text).join(), /ALL|FILE|GRANT OPTION/)
  sql.destroy()
})

t.test('no server that is started here lets a statement touch a file, also of who may do everything', async t => {
  const mariadb = await privateMariadb(t)
  const sql = await createConnection({ uri: mariadb.url })
  t.teardown(() => { sql.destroy() })
  await t.rejects(sql.query(`SELECT 1 INTO OUTFILE '${mariadb.directory}/out'`), { message: /secure-file-priv/ } as never)
  t.match((await sql.query('SELECT LOAD_FILE(?) AS content', [mariadb.logFile]))[0], [{ content: null }])
})

t.test('the command of a prompt has no password in it, and works', async t => {
  const [mariadb, redis] = [await privateMariadb(t), await privateRedis(t)]
  for (const { client, password } of [mariadb, redis]) t.notMatch(client, password)
  const run = (command: string) => spawnSync('sh', ['-c', command], { encoding: 'utf8' })
  t.match(run(`${redis.client} PING`), { status: 0, stdout: 'PONG\n' })
  const [program = ''] = mariadb.client.split(' ')
  const file = /--defaults-file=(\S+)/.exec(mariadb.client)![1]!
  t.equal(statSync(file).mode & 0o777, 0o600, 'nobody else reads it')
  // The client is not part of what the tests install.
  if (findExecutables([program]).length === 0) return
  const { status, stdout } = run(`${mariadb.client} --batch --skip-column-names --execute 'SELECT CURRENT_USER()'`)
  t.match({ status, stdout }, { status: 0, stdout: 'tickets@127.0.0.1\n' })
})
