import t from 'tap'
import { createService } from '../helper.js'
import { createSite } from './site.js'

t.test('first', async t => {
  console.error(Date.now())
  const site = await createSite(t)
  console.error(Date.now())
  const [id] = await site.posts(1)
  console.error(Date.now(), id)
  const { call } = await createService(t, site.variables, site.stores)
  console.error(Date.now(), id)
  t.match((await call('GET', '/health/ready')).body, { status: 'ready' })
  t.equal((await call('POST', `/tickets/${id}`, { customer_id: 5, status: 'closed', subject: 'x' })).status, 201)
  console.error((await call('POST', '/flush')).body)
  console.error(await site.calls(['get_post', id], ['get_post_meta', id]))
})
