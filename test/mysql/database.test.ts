import type { RowDataPacket } from 'mysql2/promise'
import t from 'tap'
import { createService, createStores, eventually, privateMariadb } from '../helper.ts'

t.test('a statement has a deadline: its connection is destroyed, and what waits behind it is not sent later', async t => {
  const mariadb = await privateMariadb(t)
  const { app, sql } = await createService(t, {}, await createStores(t, { mysql: mariadb.url }))
  await sql.query('CREATE TABLE late (n INT)')
  const connectionIds = async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => app.mysql.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id, SLEEP(0.05)', [], 5000)))
    return answers.map(rows => Number(rows[0]!.id))
  }
  const before = await connectionIds()
  t.equal(new Set(before).size, 6, 'the pool has six connections')

  await mariadb.pause()
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => app.mysql.query('INSERT INTO late VALUES (?)', [n], 300)))
  t.ok(outcomes.every(outcome => outcome.status === 'rejected'))
  t.match(outcomes[11], { reason: { name: 'DatabaseUnavailable' } })
  mariadb.resume()

  const after = await eventually(connectionIds)
  t.strictSame(after.filter(id => before.includes(id)), [], 'no connection is used again')
  const [rows] = await sql.query<RowDataPacket[]>('SELECT n FROM late WHERE n >= 6')
  t.strictSame(rows, [], 'only what was on its way when the server froze can have been executed')
})

t.test('who holds a lock for too long loses it, and MySQL does not count as unavailable for that', async t => {
  const { app: { mysql } } = await createService(t)
  const forEver = new Promise<never>(() => {})
  await t.rejects(mysql.exclusively('lock', 300, async query => {
    await query('SELECT 1', [])
    await forEver
  }), { name: 'Error', message: /between two statements/ })
  t.strictSame(await mysql.query('SELECT 1 AS one', [], 1000), [{ one: 1 }], 'asked at once')
  t.equal(await eventually(async () => {
    const taken = await mysql.exclusively('lock', 1000, async () => 'taken')
    if (!taken) throw new Error('the lock is not free')
    return taken
  }), 'taken')
})
