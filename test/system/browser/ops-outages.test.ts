import { browserTest, listen, openPage, reservePort, settled } from './browser.ts'
import { untilHealth } from './conflicts.ts'
import { createService, createStores, privateRedis } from '../../helper.ts'
import { holdResync } from '../../sync/calls.ts'
import { shows } from './ops.ts'

browserTest('Redis stops: the page says so, and when it is back', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { call, app } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  const page = await openPage(t, await listen(app), { expected: /503/ })
  await page.goto('/ops')
  await shows(page, '#tile-redis', /Up/)

  await server.stop()
  await shows(page, '#tile-redis', /Down .+/)
  await shows(page, '#tile-service', /Degraded/)
  await shows(page, '#tile-mysql', /Up/)
  await shows(page, '#chart-backlog', /unsynced unknown/)
  await page.getByText('The backlog is not known').waitFor()
  await untilHealth(service, 'degraded')
  await call('POST', '/tickets/2', { customer_id: 2 })
  await shows(page, '#tile-journal', /Active 1 write waits/)
  t.match(await page.locator('#connection').innerText(), /Live/, 'the service itself answers')
  await page.getByRole('button', { name: 'Flush now' }).click()
  await page.getByText('Not done: ').waitFor()

  await server.restart()
  await shows(page, '#tile-redis', /Up/)
  await shows(page, '#tile-service', /Ready/)
  await shows(page, '#tile-journal', /Idle no write waits/)
  await shows(page, '#chart-backlog', /unsynced 2 tickets/)
  t.notOk(await page.getByText('The backlog is not known').isVisible())
})

browserTest('MySQL has lost what it had: the page says so while it is compared', async t => {
  const { call, app, sql } = await createService(t)
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  const page = await openPage(t, await listen(app))
  await page.goto('/ops')
  await shows(page, '#tile-mysql', /Up/)

  await sql.query('DELETE FROM wp_support_tickets')
  const goOn = holdResync(app)
  await call('POST', '/flush')
  await shows(page, '#tile-mysql', /Comparing lacks what it had acknowledged/)
  await shows(page, '#tile-service', /Degraded/)
  goOn()
  await shows(page, '#tile-mysql', /Up/)
})

browserTest('the service stops and comes back: what is shown is stale, then live', async t => {
  const port = await reservePort()
  const stores = await createStores(t)
  const first = await createService(t, {}, stores)
  await first.call('POST', '/tickets/1', { customer_id: 1 })
  const page = await openPage(t, await listen(first.app, port), { expected: /ERR_|failed: GET/ })
  await page.goto('/ops')
  await shows(page, '#chart-backlog', /unsynced 1 ticket/)
  await first.app.close()

  const notice = page.getByRole('status').filter({ hasText: /stale since \d\d:\d\d:\d\d/ })
  await notice.waitFor()
  await shows(page, '#connection', /Stale/)
  await shows(page, '#tile-redis', /Unknown/)
  const text = await notice.innerText()
  await page.getByRole('button', { name: 'Flush now' }).click()
  await page.getByText('No answer came: it may have been done, or not.').waitFor()
  t.equal(await notice.innerText(), text, 'the notice does not repeat itself')

  const second = await createService(t, {}, stores)
  await second.call('POST', '/tickets/2', { customer_id: 1 })
  await listen(second.app, port)
  await shows(page, '#connection', /Live/)
  await notice.waitFor({ state: 'detached' })
  await page.getByText('The service answers again.').waitFor()
  await shows(page, '#chart-backlog', /unsynced 2 tickets/)
})

browserTest('each round without an answer is followed by a longer pause', async t => {
  const service = await createService(t)
  const page = await openPage(t, await listen(service.app), { expected: /ERR_|failed: GET/ })
  let rounds = 0
  await page.route('**/flush', route => {
    rounds++
    return route.abort('connectionrefused')
  })
  await page.clock.install()
  await page.goto('/ops')
  await settled(async () => rounds, count => count === 1)
  await page.getByText('The service does not answer.').waitFor()
  for (const pauseMs of [2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const before = rounds
    await page.clock.runFor(pauseMs - 500)
    t.equal(rounds, before, `${pauseMs} ms have not passed`)
    const ended = page.waitForEvent('requestfailed')
    await page.clock.runFor(500)
    await ended
    t.equal(rounds, before + 1)
    // The page starts its next pause when it has seen the failure.
    await page.evaluate(() => new Promise(resolve => { requestAnimationFrame(resolve) })).catch(() => {})
  }
})
