import type { RowDataPacket } from 'mysql2/promise'
import t from 'tap'
import { createService, createStores, privateMariadb } from '../helper.ts'

t.test('a transaction is all or nothing', async t => {
  const { app, sql } = await createService(t)
  await sql.query('CREATE TABLE notes (n INT PRIMARY KEY)')
  const notes = async () => (await sql.query<RowDataPacket[]>('SELECT n FROM notes ORDER BY n'))[0].map(row => row.n as number)
  const insert = (...numbers: number[]) => app.mysql.transaction(async query => {
    for (const n of numbers) await query('INSERT INTO notes VALUES (?)', [n])
    return numbers.length
  }, 5000)

  t.equal(await insert(1, 2), 2)
  await t.rejects(insert(3, 4, 1), { message: /Duplicate entry/ })
  t.strictSame(await notes(), [1, 2])
  const own = new Error('of the work itself')
  await t.rejects(app.mysql.transaction(async query => {
    await query('INSERT INTO notes VALUES (5)', [])
    throw own
  }, 5000), own)
  // Every connection of the pool begins anew: an open transaction would be committed by that.
  await Promise.all([6, 7, 8, 9].map(n => insert(n)))
  t.strictSame(await notes(), [1, 2, 6, 7, 8, 9])
})

t.test('a transaction has one deadline for all of it; what it has done by then is rolled back', async t => {
  const mariadb = await privateMariadb(t)
  const { app, sql } = await createService(t, {}, await createStores(t, { mysql: mariadb.url }))
  await sql.query('CREATE TABLE notes (n INT PRIMARY KEY)')
  let connectionId = 0
  const late = app.mysql.transaction(async query => {
    connectionId = (await query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id', []))[0]!.id
    for (let n = 0; ; n += 1) await query('INSERT INTO notes SELECT ? FROM (SELECT SLEEP(0.1)) AS pause', [n])
  }, 350)
  await t.rejects(late, { name: 'DatabaseUnavailable' })
  // A locking read waits for the end of the other transaction.
  t.strictSame((await sql.query('SELECT n FROM notes FOR UPDATE'))[0], [])
  const ids = await Promise.all(Array.from({ length: 4 }, () => app.mysql.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id, SLEEP(0.05)', [], 5000)))
  t.notOk(ids.some(rows => rows[0]!.id === connectionId), 'its connection is not used again')
})
