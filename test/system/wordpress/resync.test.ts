import t from 'tap'
import { createService, eventually } from '../../helper.ts'
import { createSite } from './site.ts'

t.test('the database of a site was restored: its tickets are compared and written again, one whose post is gone is a dead letter', async t => {
  const site = await createSite(t)
  const { sql } = site.stores
  const { call, lines } = await createService(t, { ...site.variables, FLUSH_MAX_ATTEMPTS: 1 }, site.stores)
  const ids = await site.posts(4)
  await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 5, status: 'closed' })) })
  t.match((await call('POST', '/flush')).body, { synced: 4 })
  t.match((await call('POST', '/resync', { ticket_ids: ids })).body, { marked: 0, results: ids.map(() => ({ state: 'in_step' })) })

  await sql.query('DELETE FROM wp_postmeta WHERE post_id IN (?)', [ids.slice(1)])
  await sql.query('DELETE FROM wp_posts WHERE ID = ?', [ids[3]])
  await call('POST', '/flush')
  t.match(await lines.waitFor(({ msg }) => /does not hold what it had acknowledged/.test(msg)), { level: 50, asked: 4, missing: 3 })
  await eventually(async () => {
    const { body } = await call('GET', '/flush')
    if (body.unsynced > 0 || body.dead !== 1) throw new Error(JSON.stringify(body))
  })
  for (const id of ids.slice(0, 3)) t.ok((await site.meta(id)).some(({ meta_key: key }) => key === '_ticket_version'), `post ${id}`)
  t.match((await call('GET', '/flush/dead')).body, { tickets: [{ ticket_id: ids[3], reason: String }] })
  t.match((await call('GET', '/resync')).body, { state: 'idle', reason: 'mysql_lost', marked: 3 })
})
