import t from 'tap'
import { createService } from '../../helper.ts'

t.test('GET /tickets/:id', async t => {
  const { call } = await createService(t)
  const { headers, body } = await call('POST', '/tickets/1', { customer_id: 1 })
  const etag = String(headers.etag)
  const read = (ifNoneMatch?: string) => call('GET', '/tickets/1', undefined, ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch })

  const found = await read()
  t.equal(found.status, 200)
  t.equal(found.headers.etag, etag)
  t.equal(found.headers['x-ticket-source'], 'redis')
  t.strictSame(found.body, body)

  const unchanged = await read(etag)
  t.equal(unchanged.status, 304)
  t.equal(unchanged.text, '')
  t.equal(unchanged.headers.etag, etag)
  t.equal((await read(`W/${etag}`)).status, 304, 'the comparison is weak')
  t.equal((await read(`"1", ${etag}`)).status, 304, 'one of a list')
  t.equal((await read('*')).status, 304, 'any')
  t.equal((await read('"1"')).status, 200, 'another version')
  t.equal((await read('1')).status, 400, 'without its quotes')

  const missing = await call('GET', '/tickets/2')
  t.equal(missing.status, 404)
  t.equal(missing.body.code, 'ticket_not_found')
})

t.test('GET /tickets?ids=', async t => {
  const { call } = await createService(t)
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: id })
  const { status, body } = await call('GET', '/tickets?ids=3,9,1,3')
  t.equal(status, 200)
  t.strictSame(body.tickets.map((ticket: { ticket_id: number }) => ticket.ticket_id), [3, 1], 'in the order asked, each once')
  t.strictSame(body.missing, [9])

  t.equal((await call('GET', '/tickets?ids=1&ids=2')).body.tickets.length, 2, 'repeated names are a list too')

  const ids = Array.from({ length: 501 }, (_, i) => i + 1)
  t.equal((await call('GET', `/tickets?ids=${ids.slice(0, 500).join()}`)).status, 200)
  for (const query of ['?ids=', '?ids=a', '?ids=1,,2', '?ids=0', '?ids=1.5', `?ids=${ids.join()}`, '?ids=1&x=1', '?ids=1&ids=2.5']) {
    t.match(await call('GET', `/tickets${query}`), { status: 400, body: { code: 'validation_failed' } }, query.slice(0, 20))
  }
})
