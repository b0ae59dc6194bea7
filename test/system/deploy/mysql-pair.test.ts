import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { makeServerCertificate } from '../../../scripts/lib/certificates.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { run } from '../../../scripts/lib/run.mjs'
import { startProxy } from '../../faults/harness/proxy.ts'
import { createService, createStores, eventually, privateDirectory, privateMariadb } from '../../helper.ts'

const DEPLOY = join(ROOT, 'deploy/mysql')

/** The service's, on both servers. */
const PASSWORD = 'service'

type Tls = Awaited<ReturnType<typeof makeServerCertificate>>

/** One of the pair, from the shipped file with other ports and certificates, and what its operator does with the scripts. */
async function startMember (t: Test, tls: Tls, id: number) {
  const server = await privateMariadb(t, {
    defaultsFile: join(DEPLOY, 'server.cnf'),
    flushLogAtCommit: 1,
    args: [`--server-id=${id}`, `--report-host=mysql-${id}`, `--ssl-ca=${tls.ca}`, `--ssl-cert=${tls.certificate}`, `--ssl-key=${tls.key}`],
  })
  const script = (name: string, ...args: string[]) => run('sh', [join(DEPLOY, name), ...args], {
    env: { ...process.env, MARIADB: `${server.client.split(' ')[0]} --no-defaults --host=127.0.0.1 --port=${server.port} --user=${server.user} --ssl`, MYSQL_PWD: server.password, REPLICA_PASSWORD: 'replica' },
  })
  const rows = async (sql: string) => {
    const connection = await connect(server.url, tls)
    try {
      return (await connection.query<RowDataPacket[]>(sql))[0]
    } finally {
      connection.destroy()
    }
  }
  return {
    server,
    rows,
    status: async (name: string) => String((await rows(`SHOW GLOBAL STATUS LIKE '${name}'`))[0]!.Value),
    variable: async (name: string) => (await rows(`SELECT @@GLOBAL.${name} AS value`))[0]!.value as unknown,
    promote: () => script('promote.sh'),
    follow: (other: { server: { port: number } }) => script('follow.sh', 'localhost', String(other.server.port)),
  }
}

type Member = Awaited<ReturnType<typeof startMember>>

function connect (url: string, tls: Tls): Promise<Connection> {
  const local = new URL(url)
  local.hostname = 'localhost'
  return createConnection({ uri: local.href, ssl: { ca: readFileSync(tls.ca) } })
}

/** Until commits of the primary wait for the replica. */
async function untilSemiSync (primary: Member, replica: Member) {
  await eventually(async () => {
    const state = [await primary.status('Rpl_semi_sync_master_status'), await primary.status('Rpl_semi_sync_master_clients'), await replica.status('Rpl_semi_sync_slave_status')].join()
    if (state !== 'ON,1,ON') throw new Error(`${state}: ${JSON.stringify((await replica.rows('SHOW SLAVE STATUS'))[0]?.Last_IO_Error)}`)
  })
}

t.test('a pair from deploy/mysql: commits wait for the replica, and the service follows a promotion', async t => {
  const tls = await makeServerCertificate({ directory: join(privateDirectory(t), 'tls') })
  const [first, second] = await Promise.all([startMember(t, tls, 1), startMember(t, tls, 2)])
  for (const { variable } of [first, second]) t.equal(await variable('read_only'), 1, 'nobody takes writes until an operator says who')

  await first.promote()
  t.equal(await first.variable('read_only'), 0)
  const admin = await connect(first.server.url, tls)
  t.teardown(() => { admin.destroy() })
  await admin.query('CREATE DATABASE desk')
  await admin.query(`CREATE USER 'service'@'%' IDENTIFIED BY '${PASSWORD}'`)
  await admin.query("GRANT ALL ON desk.* TO 'service'@'%'")
  await admin.query('CREATE TABLE desk.notes (n INT PRIMARY KEY)')
  await second.follow(first)
  await untilSemiSync(first, second)

  t.test('a commit is answered when the replica has it, and not before', async t => {
    await admin.query('INSERT INTO desk.notes VALUES (1)')
    const withoutReplica = await first.status('Rpl_semi_sync_master_no_tx')
    await second.server.pause()
    let isAnswered = false
    const committed = admin.query('INSERT INTO desk.notes VALUES (2)').then(() => { isAnswered = true })
    await eventually(async () => {
      if (await first.status('Rpl_semi_sync_master_wait_sessions') !== '1') throw new Error('no session waits')
    })
    t.notOk(isAnswered)
    t.strictSame((await first.rows('SELECT n FROM desk.notes')).map(({ n }) => n as number), [1], 'nobody sees it before')
    second.server.resume()
    await committed
    t.equal(await first.status('Rpl_semi_sync_master_no_tx'), withoutReplica, 'none was committed without the replica')
  })

  const stores = await createStores(t)
  const proxy = await startProxy(t, first.server.url)
  const url = new URL(proxy.url)
  Object.assign(url, { hostname: 'localhost', username: 'service', password: PASSWORD, pathname: '/desk' })
  const { call } = await createService(t, { MYSQL_URL: url.href, MYSQL_TLS_CA_FILE: tls.ca }, stores)
  const ids = async ({ rows }: Member) => (await rows('SELECT ticket_id FROM desk.wp_support_tickets ORDER BY ticket_id')).map(row => Number(row.ticket_id))
  /** A replica applies what it has received a moment later. */
  const untilHeld = (member: Member, expected: number[]) => eventually(async () => {
    const held = await ids(member)
    if (held.join() !== expected.join()) throw new Error(`${held.join()} instead of ${expected.join()}`)
  })
  const flush = (...expected: number[]) => eventually(async () => {
    const { body } = await call('POST', '/flush')
    if (body.remaining !== 0) throw new Error(`${JSON.stringify(body)}, and not ${expected.join()}`)
  })
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await flush(1)

  t.test('the primary is lost: its replica is promoted, and the service writes there', async t => {
    await first.server.kill()
    await call('POST', '/tickets/2', { customer_id: 1, status: 'closed' })
    proxy.lead(second.server.url)
    await eventually(async () => {
      const { body } = await call('GET', '/health/ready')
      if (body.mysql.reason !== 'read-only') throw new Error(JSON.stringify(body))
    })
    await second.promote()
    await flush(1, 2)
    t.strictSame(await ids(second), [1, 2], 'with what was committed before')
    t.match((await call('GET', '/health/ready')).body, { status: 'ready', mysql: { state: 'up' } })
  })

  t.test('the old primary comes back as a replica', async t => {
    await first.server.restart()
    t.equal(await first.variable('read_only'), 1)
    await first.follow(second)
    await untilSemiSync(second, first)
    await untilHeld(first, [1, 2])
  })

  t.test('a switch while both are up', async t => {
    await second.rows('SET GLOBAL read_only = ON')
    await call('POST', '/tickets/3', { customer_id: 1, status: 'closed' })
    await first.promote()
    proxy.lead(first.server.url)
    await flush(1, 2, 3)
    await second.follow(first)
    await untilSemiSync(first, second)
    t.strictSame(await ids(first), [1, 2, 3])
    await untilHeld(second, [1, 2, 3])
    t.strictSame(await second.rows('SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = \'service\''), [])
  })
})

t.test('the scripts refuse what they cannot do', async t => {
  const refuse = (name: string, args: string[], env: Record<string, string>) => t.rejects(run('sh', [join(DEPLOY, name), ...args], { env: { PATH: process.env.PATH, ...env } }))
  await refuse('follow.sh', [], { REPLICA_PASSWORD: 'x' })
  await refuse('promote.sh', [], {})
  await refuse('promote.sh', [], { REPLICA_PASSWORD: "x'; DROP" })
})

t.test('every file of deploy/mysql has its place', async t => {
  const page = readFileSync(join(ROOT, 'docs/mysql.md'), 'utf8')
  for (const name of readdirSync(DEPLOY)) t.ok(page.includes(`\`${name}\``), `docs/mysql.md says what ${name} is for`)
})
