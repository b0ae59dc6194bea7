import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { browserTest, listen, openContext, openPage, settled } from './browser.ts'
import { createService } from '../../helper.ts'
import { openOps, outcome, shows } from './ops.ts'

const chart = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true })

/**
 * Lets time pass in a page whose clock was taken, until it has asked once more, and waits for the answer. No time passes meanwhile, however
 * long that takes: the chart would show a gap.
 */
async function nextRound (page: Page) {
  let isAsked = false
  const asked = page.waitForRequest(/\/journal/).finally(() => { isAsked = true })
  while (!isAsked) {
    await page.clock.runFor(250)
    // A request that is on its way here is not to be overtaken by the page's time: points that lie far apart are not joined.
    await Promise.race([asked, sleep(20)])
  }
  await (await (await asked).response())?.finished()
}

browserTest('it shows what the service holds, and follows it', async t => {
  const service = await createService(t)
  const { call } = service
  await call('POST', '/tickets/batch', { operations: [1, 2, 3, 4, 5].map(ticket_id => ({ op: 'create', ticket_id, customer_id: 1, status: ticket_id > 3 ? 'closed' : 'open' })) })
  const page = await openOps(t, service)

  t.match(await page.title(), /Operations/)
  await shows(page, '#chart-backlog', /unsynced 5 tickets .*due 2 tickets/)
  await shows(page, '#chart-lag', /oldest due ticket waits [\d.,]+ m?s/)
  await shows(page, '#tile-service', /Ready/)
  await shows(page, '#tile-redis', /Up answers in [\d.]+ ms/)
  await shows(page, '#tile-mysql', /Up answers in [\d.]+ ms/)
  await shows(page, '#tile-journal', /Idle no write waits/)
  await shows(page, '#last-flush', /Strategy hybrid/)
  t.match(await page.getByRole('heading', { name: 'Dead letters' }).innerText(), '(0)')
  t.ok(await page.getByText('None. MySQL has refused no ticket.').isVisible())
  t.ok(await page.getByText('None. Every write of the journal was applied.').isVisible())
  t.notOk(await page.getByRole('button', { name: 'Sign out' }).isVisible(), 'nobody has signed in')

  await call('POST', '/tickets/6', { customer_id: 1 })
  await shows(page, '#chart-backlog', /unsynced 6 tickets .*due 2 tickets/)
})

browserTest('Flush now empties what is due, Flush all the rest, and the page says so', async t => {
  const service = await createService(t)
  const { call, rows } = service
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(ticket_id => ({ op: 'create', ticket_id, customer_id: 1, status: ticket_id === 1 ? 'open' : 'closed' })) })
  const page = await openOps(t, service)

  await page.getByRole('button', { name: 'Flush now' }).click()
  // An open ticket does not wait for a push under hybrid.
  await outcome(page, /2 tickets synced, nothing else waits for a push\./).waitFor()
  await shows(page, '#chart-backlog', /unsynced 1 ticket .*due 0 tickets/)
  await shows(page, '#last-flush', /Synced 2/)
  t.strictSame((await rows()).map(({ ticket_id }) => ticket_id), [2, 3])

  await page.getByRole('button', { name: 'Flush all unsynced' }).click()
  await outcome(page, /1 ticket synced/).waitFor()
  await shows(page, '#chart-backlog', /unsynced 0 tickets/)
  await page.getByRole('button', { name: 'Dismiss' }).click()
  t.equal(await page.locator('#outcome').innerText(), '')
})

browserTest('throughput and latency are those of the requests to /tickets', async t => {
  const service = await createService(t)
  const { call } = service
  const page = await openPage(t, await listen(service.app))
  await page.clock.install()
  await page.goto('/ops')
  await page.getByText('Live').waitFor()
  // From here on, the page's time stands still but for what the test lets pass.
  await page.clock.pauseAt(Date.now() + 60_000)
  await nextRound(page)
  t.match(await chart(page, 'Throughput').innerText(), /writes\s*unknown/)
  let id = 0
  for (let i = 0; i < 5; i++) {
    for (let n = 0; n < 20; n++) await call('POST', `/tickets/${++id}`, { customer_id: 1 })
    for (let n = 0; n < 4; n++) await call('GET', `/tickets/${id}`)
    await nextRound(page)
  }
  await shows(page, '#chart-throughput', /writes ([6-9]|10)(\.\d)?\/s .*reads (1\.\d|2)\/s/)
  await shows(page, '#chart-latency', /p50 [\d.]+ ms .*p99 [\d.]+ m?s/)
  for (const title of ['Backlog', 'Lag', 'Throughput', 'Latency']) {
    const paths = await chart(page, title).locator('.lines .line').evaluateAll(lines => lines.map(line => line.getAttribute('d')))
    for (const path of paths) t.match(path, /(L[\d.]+ [\d.]+){3,}h0$/, `${title} has points`)
  }

  for (let i = 0; i < 15; i++) await nextRound(page)
  await settled(async () => await chart(page, 'Backlog').getByRole('img').getAttribute('aria-label') ?? '', text => /100 tickets/.test(text))
  t.match(await chart(page, 'Backlog').getByRole('img').getAttribute('aria-label'), /^Backlog, line chart of the last five minutes: unsynced 100 tickets \(min 0, max 100\)/)
})

browserTest('without a journal nothing asks for it', async t => {
  const service = await createService(t, { FALLBACK: 'off' })
  const page = await openPage(t, await listen(service.app))
  const asked: string[] = []
  page.on('request', request => asked.push(new URL(request.url()).pathname))
  await page.goto('/ops')
  await page.getByText('FALLBACK=off: nothing is journaled').waitFor()
  await shows(page, '#tile-journal', /Off/)
  t.notOk(asked.includes('/journal'))
})

browserTest('it asks while it is seen, one round at a time', async t => {
  const service = await createService(t)
  const page = await openPage(t, await listen(service.app))
  let rounds = 0
  let answer = () => {}
  await page.route('**/flush', async route => {
    rounds++
    await new Promise<void>(resolve => { answer = resolve })
    await route.continue()
  })
  await page.clock.install()
  await page.goto('/ops')
  await settled(async () => rounds, count => count === 1)
  await page.clock.runFor(9000)
  t.equal(rounds, 1, 'the first round has no answer yet')
  answer()
  await page.getByText('Live').waitFor()

  const see = async (state: string) => await page.evaluate(visibility => {
    Object.defineProperty(document, 'visibilityState', { value: visibility, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
  await see('hidden')
  await page.clock.runFor(60_000)
  t.equal(rounds, 1, 'nobody looks')
  await see('visible')
  await settled(async () => rounds, count => count === 2)
  answer()
})

browserTest('nothing is kept but the key, which there is none of', async t => {
  const service = await createService(t)
  const context = await openContext(t, await listen(service.app))
  const page = await context.newPage()
  await page.goto('/ops')
  await page.getByText('Live').waitFor()
  t.strictSame(await page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie]), [0, 0, ''])
  t.strictSame(await context.cookies(), [])
})
