import t from 'tap'
import { createService } from '../../helper.ts'

t.test('409: the ticket is in Redis', async t => {
  const { call } = await createService(t)
  const first = await call('POST', '/tickets/1', { customer_id: 1 })
  const second = await call('POST', '/tickets/1', { customer_id: 2 })
  t.equal(second.status, 409)
  t.match(second.body, { code: 'ticket_exists', status: 409 })
  t.strictSame((await call('GET', '/tickets/1')).body, first.body, 'nothing was changed')
})

t.test('of concurrent creates of one id one succeeds', async t => {
  const { call } = await createService(t)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => call('POST', '/tickets/1', { customer_id: i + 1 })))
  t.equal(answers.filter(({ status }) => status === 201).length, 1)
  t.equal(answers.filter(({ status }) => status === 409).length, 99)
})
