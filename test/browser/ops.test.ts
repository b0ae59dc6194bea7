import t from 'tap'
import type { Page } from 'playwright-core'
import { listen, openContext, openPage, settled } from '../browser.js'
import { withConflicts } from '../conflicts.js'
import { createService, eventually, type Service, type Variables } from '../helper.js'

/** A rule of the operator's that the service does not know. */
const rule = 'ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')'
const noRule = 'ALTER TABLE wp_support_tickets DROP CONSTRAINT no_poison'

const chart = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true })

const outcome = (page: Page, text: RegExp) => page.getByRole('status').filter({ hasText: text })

/** Resolves with the text of an element once it fits. */
const shows = async (page: Page, selector: string, fits: RegExp) =>
  await settled(async () => (await page.locator(selector).innerText()).replace(/\s+/g, ' '), text => fits.test(text))

async function openOps (t: Parameters<typeof openPage>[0], { app }: Pick<Service, 'app'>, options: Parameters<typeof openPage>[2] = {}) {
  const page = await openPage(t, await listen(app), options)
  await page.goto('/ops')
  await page.getByText('Live').waitFor()
  return page
}

/** Lets time pass in a page whose clock was taken, until it has asked and was answered once more. */
async function nextRound (page: Page) {
  let isAnswered = false
  const answered = page.waitForResponse(/\/journal/).then(response => response.finished()).finally(() => { isAnswered = true })
  while (!isAnswered) await page.clock.runFor(250)
  await answered
}

/** A service with tickets 1 to `count` as dead letters. */
async function withDeadLetters (t: Parameters<typeof createService>[0], count: number, variables: Variables = {}) {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 1, ...variables })
  await service.sql.query(rule)
  await service.call('POST', '/tickets/batch', { operations: Array.from({ length: count }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1, status: 'closed', subject: 'poison' })) })
  await service.call('POST', '/flush')
  return service
}

t.test('it shows what the service holds, and follows it', async t => {
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
  t.ok(await page.getByText('None. Every write of the journal was made.').isVisible())
  t.notOk(await page.getByRole('button', { name: 'Sign out' }).isVisible(), 'nobody has signed in')

  await call('POST', '/tickets/6', { customer_id: 1 })
  await shows(page, '#chart-backlog', /unsynced 6 tickets .*due 2 tickets/)
})

t.test('Flush now empties what is due, Flush all the rest, and the page says so', async t => {
  const service = await createService(t)
  const { call, rows } = service
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(ticket_id => ({ op: 'create', ticket_id, customer_id: 1, status: ticket_id === 1 ? 'open' : 'closed' })) })
  const page = await openOps(t, service)

  await page.getByRole('button', { name: 'Flush now' }).click()
  await outcome(page, /2 tickets synced/).waitFor()
  await shows(page, '#chart-backlog', /unsynced 1 tickets .*due 0 tickets/)
  await shows(page, '#last-flush', /Synced 2/)
  t.strictSame((await rows()).map(({ ticket_id }) => ticket_id), [2, 3])

  await page.getByRole('button', { name: 'Flush all unsynced' }).click()
  await outcome(page, /1 ticket synced/).waitFor()
  await shows(page, '#chart-backlog', /unsynced 0 tickets/)
  await page.getByRole('button', { name: 'Dismiss' }).click()
  t.equal(await page.locator('#outcome').innerText(), '')
})

t.test('a dead letter is listed with its reason, and Retry brings it back', async t => {
  const service = await withDeadLetters(t, 3)
  const { call, sql, row } = service
  const page = await openOps(t, service)
  const table = page.getByRole('table', { name: 'Dead letters' })
  t.equal(await table.getByRole('row').count(), 1 + 3)
  t.match(await table.getByRole('row', { name: /Ticket 2|^2 / }).innerText(), /no_poison/)
  t.match(await page.getByRole('heading', { name: 'Dead letters' }).innerText(), '(3)')

  await page.getByRole('button', { name: 'Retry ticket 2' }).focus()
  await page.keyboard.press('Enter')
  await outcome(page, /Ticket 2 is due again/).waitFor()
  await settled(() => table.getByRole('row').count(), count => count === 3)
  t.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Retry ticket 3', 'the focus is on the row in its place')
  t.match((await call('GET', '/flush')).body, { due: 1, dead: 2 })

  await sql.query(noRule)
  await page.getByRole('button', { name: 'Retry all' }).click()
  await outcome(page, /2 tickets are due again/).waitFor()
  await page.getByText('None. MySQL has refused no ticket.').waitFor()
  t.notOk(await page.getByRole('button', { name: 'Retry all' }).isVisible())
  await page.getByRole('button', { name: 'Flush now' }).click()
  await outcome(page, /3 tickets synced/).waitFor()
  t.match(await row(2), { subject: 'poison' })
})

t.test('dead letters come in pages', async t => {
  const service = await withDeadLetters(t, 25)
  const page = await openOps(t, service)
  const rows = page.getByRole('table', { name: 'Dead letters' }).getByRole('row')
  t.equal(await rows.count(), 21)
  t.match(await page.getByRole('heading', { name: 'Dead letters' }).innerText(), '(25)')
  const first = (await service.call('GET', '/flush/dead?limit=20')).body
  const { tickets: later } = (await service.call('GET', `/flush/dead?limit=20&after=${first.next}`)).body
  await page.getByRole('button', { name: 'Next page of dead letters' }).click()
  await settled(() => rows.count(), count => count === 6)
  const ids = later.map(({ ticket_id }: { ticket_id: number }) => ticket_id)
  t.ok(await page.getByRole('button', { name: `Retry ticket ${ids[4]}`, exact: true }).isVisible())
  await page.getByRole('button', { name: 'First page of dead letters' }).click()
  await settled(() => rows.count(), count => count === 21)
  await page.getByRole('button', { name: 'Next page of dead letters' }).click()
  await settled(() => rows.count(), count => count === 6)

  await service.call('POST', '/flush/dead/retry', { ticket_ids: ids })
  await settled(() => rows.count(), count => count === 21)
  t.notOk(await page.getByRole('button', { name: 'Next page of dead letters' }).isVisible(), 'the other page has gone')
})

t.test('a conflict of the journal is listed with its fields and reason; it is applied or discarded after a question', async t => {
  const service = await withConflicts(t, [{ ticket_id: 1, subject: 'late' }, { ticket_id: 2, subject: 'late too', custom_fields: { floor: 3 } }])
  const { call, hash } = service
  const page = await openOps(t, service)
  const table = page.getByRole('table', { name: 'Journal conflicts' })
  await settled(() => table.getByRole('row').count(), count => count === 3)
  t.match(await table.innerText(), /update[\s\S]*subject: "late"[\s\S]*version_conflict: Ticket 1 was changed[\s\S]*custom_fields: \{"floor":3\}/)
  await shows(page, '#tile-journal', /2 conflicts/)

  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: /^Apply entry \d+ of ticket 1$/ }).click()
  t.match(await dialog.innerText(), /over what ticket 1 has become/)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  t.equal((await call('GET', '/journal')).body.conflicts, 2, 'Escape is no')

  await page.getByRole('button', { name: /^Apply entry \d+ of ticket 1$/ }).click()
  await dialog.getByRole('button', { name: 'Apply' }).click()
  await outcome(page, /was applied to ticket 1/).waitFor()
  t.match(await hash(1), { subject: 'late' })

  await page.getByRole('button', { name: /^Discard entry \d+ of ticket 2$/ }).click()
  await dialog.getByRole('button', { name: 'Discard' }).click()
  await outcome(page, /was discarded/).waitFor()
  await page.getByText('None. Every write of the journal was made.').waitFor()
  t.match(await hash(2), { subject: 'newer' })
  t.equal((await call('GET', '/journal')).body.conflicts, 0)
})

t.test('what somebody else has settled meanwhile is told', async t => {
  const service = await withConflicts(t, [{ ticket_id: 1, subject: 'late' }])
  const { call } = service
  const page = await openOps(t, service, { expected: /404.*\/apply/ })
  await page.getByRole('button', { name: /^Apply entry/ }).click()
  const { body: { entries: [{ seq }] } } = await call('GET', '/journal')
  await call('POST', `/journal/${seq}/discard`)
  await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click()
  await outcome(page, /Not done: /).waitFor()
})

t.test('hostile text stays text', async t => {
  const hostile = '<img src=x onerror="alert(1)"><script>alert(2)</script>"\'`'
  const service = await withConflicts(t, [{ ticket_id: 1, subject: hostile, custom_fields: { html: hostile } }])
  const { redis, prefix } = service
  await redis.zadd(`${prefix}tickets:dead`, Date.now(), '7')
  await redis.hset(`${prefix}tickets:failures`, '7', JSON.stringify({ attempts: 5, error: hostile }))
  const page = await openOps(t, service)
  let hasAlerted = false
  page.on('dialog', async dialog => {
    hasAlerted = true
    await dialog.dismiss()
  })
  await eventually(async () => {
    t.match(await page.getByRole('table', { name: 'Journal conflicts' }).innerText(), JSON.stringify(hostile))
    t.match(await page.getByRole('table', { name: 'Dead letters' }).innerText(), hostile)
  })
  t.equal(await page.locator('main img, main script').count(), 0)
  t.equal(hasAlerted, false)
})

t.test('throughput and latency are those of the requests to /tickets', async t => {
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

t.test('without a journal nothing asks for it', async t => {
  const service = await createService(t, { FALLBACK: 'off' })
  const page = await openPage(t, await listen(service.app))
  const asked: string[] = []
  page.on('request', request => asked.push(new URL(request.url()).pathname))
  await page.goto('/ops')
  await page.getByText('FALLBACK=off: nothing is journaled').waitFor()
  await shows(page, '#tile-journal', /Off/)
  t.notOk(asked.includes('/journal'))
})

t.test('it asks while it is seen, one round at a time', async t => {
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

t.test('nothing is kept but the key, which there is none of', async t => {
  const service = await createService(t)
  const context = await openContext(t, await listen(service.app))
  const page = await context.newPage()
  await page.goto('/ops')
  await page.getByText('Live').waitFor()
  t.strictSame(await page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie]), [0, 0, ''])
  t.strictSame(await context.cookies(), [])
})
