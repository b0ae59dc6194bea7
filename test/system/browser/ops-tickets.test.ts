import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { browserTest, listen, openPage, settled } from './browser.ts'
import { CONTRAST_MIN, measureContrast } from './contrast.ts'
import { createService, createStores, eventually, privateRedis, type Service, type Variables } from '../../helper.ts'
import { outcome, shows } from './ops.ts'

/** Until lists can be answered. */
const built = ({ call }: Pick<Service, 'call'>) => eventually(async () => {
  const { body } = await call('GET', '/flush')
  if (body.indexes !== 'whole') throw new Error(JSON.stringify(body))
})

/** A service with 25 tickets, of which every fifth is closed and in MySQL. */
async function withTickets (t: Test, variables: Variables = {}) {
  const service = await createService(t, variables)
  const { call } = service
  await built(service)
  await call('POST', '/tickets/batch', {
    operations: Array.from({ length: 25 }, (_, i) => ({
      op: 'create',
      ticket_id: i + 1,
      customer_id: 100 + i % 3,
      subject: `Subject ${i + 1}`,
      status: i % 5 === 4 ? 'closed' : 'open',
      created_at: 1_700_000_000 + i * 3600,
      ...(i % 2 && { assigned_to: 7 }),
      ...(i % 4 === 0 && { priority: 'high', category: 'billing' }),
    })),
  })
  await call('POST', '/flush')
  return service
}

async function openTickets (t: Test, { app }: Pick<Service, 'app'>, fragment = '', options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
  const page = await openPage(t, await listen(app), { locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options })
  await page.goto(`/ops#tickets${fragment}`)
  await page.getByRole('heading', { name: 'Find tickets' }).waitFor()
  return page
}

const idsOf = (page: Page) => page.locator('#list tbody th').allInnerTexts()

/** The list is this one, now or soon: the summary may say the same of the one before. */
const lists = async (t: Test, page: Page, ids: readonly string[]) => {
  t.strictSame(await settled(() => idsOf(page), found => found.join() === ids.join()), ids)
}

const summary = (page: Page, text: RegExp) => shows(page, '#list-summary', text)

const focused = (page: Page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent?.trim().slice(0, 40))

browserTest('tickets are found by what they are, in pages; the address holds the filters', async t => {
  const page = await openTickets(t, await withTickets(t))
  await summary(page, /20 tickets, and there are more/)
  await page.getByRole('button', { name: 'Next page of tickets' }).click()
  await summary(page, /^5 tickets\.$/)
  await lists(t, page, ['5', '4', '3', '2', '1'])

  await page.getByLabel('Status').fill('closed')
  await page.getByLabel('Order').selectOption('Oldest first')
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await lists(t, page, ['5', '10', '15', '20', '25'])
  await summary(page, /^5 tickets\.$/)
  t.match(page.url(), /#tickets\?status=closed&sort=created_at$/)
  t.match(await page.getByRole('table', { name: 'List' }).getByRole('row', { name: /Subject 10/ }).innerText(), /closed[\s\S]*7\s*100[\s\S]*yes/)

  await page.getByLabel('Agent').fill('none')
  await page.getByLabel('Customer').fill('102')
  await page.getByLabel('Category').fill('billing')
  await page.getByLabel('Priority').fill('high, low')
  await page.getByLabel('Status').fill('')
  await page.getByLabel('Created from').fill('2023-11-15T00:00:00')
  await page.keyboard.press('Enter')
  const { body } = await page.evaluate(async () => ({ body: await (await fetch('/tickets?assigned_to=none&customer_id=102&category=billing&priority=high&created_since=1700002800&sort=created_at')).json() as { tickets: { ticket_id: number }[] } }))
  t.ok(body.tickets.length > 0)
  await lists(t, page, body.tickets.map(({ ticket_id: id }) => String(id)))
  await summary(page, /^\d ticket/)
  t.match(page.url(), /created_since=1700002800/, 'the time of the browser\'s zone, as a moment')

  const shared = page.url()
  await page.goto('about:blank')
  await page.goto(shared)
  await summary(page, /ticket/)
  t.equal(await page.getByLabel('Customer').inputValue(), '102')
  t.equal(await page.getByLabel('Created from').inputValue(), '2023-11-15T00:00')
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await summary(page, /20 tickets/)
  t.match(page.url(), /#tickets$/)
  await page.goBack()
  await settled(() => page.getByLabel('Customer').inputValue(), value => value === '102')
})

browserTest('one ticket: what it holds, how it stands, and what brings it to MySQL', async t => {
  const service = await withTickets(t, { FLUSH_MAX_ATTEMPTS: 1 })
  const { call, sql, row } = service
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')')
  await call('PATCH', '/tickets/3', { subject: 'poison', status: 'closed', custom_fields: { floor: 3, vip: true } })
  await call('POST', '/flush')
  const page = await openTickets(t, service)
  await page.getByRole('link', { name: 'Open ticket 24' }).focus()
  await page.keyboard.press('Enter')
  await shows(page, '#ticket', /Ticket 24 .*Not due until it is closed .*Version in MySQL none .*Deleted no .*Failures none .*subject Subject 24/s)
  t.equal(await focused(page), 'ticket-title', 'a screen reader begins with it')
  t.notOk(await page.getByRole('button', { name: 'Retry this ticket' }).isVisible())
  const flush = page.getByRole('button', { name: 'Flush this ticket' })
  await flush.focus()
  await page.keyboard.press('Enter')
  await outcome(page, /Ticket 24 is in MySQL\./).waitFor()
  await shows(page, '#ticket', /MySQL holds the newest version/)
  t.equal(await focused(page), 'Flush this ticket', 'the focus stays')
  t.match(await row(24), { subject: 'Subject 24' })
  await page.getByRole('button', { name: 'Close ticket' }).click()
  await settled(() => focused(page), name => name === 'Open ticket 24')
  t.notMatch(page.url(), 'ticket=')

  await page.getByLabel('Ticket by its id').fill('3')
  await page.keyboard.press('Enter')
  await shows(page, '#ticket', /Dead letter since .*Failures 1 attempt .*no_poison.*Custom fields \(2\) .*floor 3 vip true/s)
  await sql.query('ALTER TABLE wp_support_tickets DROP CONSTRAINT no_poison')
  await page.getByRole('button', { name: 'Retry this ticket' }).click()
  await outcome(page, /Ticket 3 is due again/).waitFor()
  await shows(page, '#ticket', /Due since/)
  t.equal(await focused(page), 'ticket-title', 'the button has gone')
  await flush.click()
  await outcome(page, /Ticket 3 is in MySQL\./).waitFor()

  await call('DELETE', '/tickets/4')
  await page.getByLabel('Ticket by its id').fill('4')
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await shows(page, '#ticket', /Ticket 4 .*Due since .*Deleted yes/s)
  await page.getByLabel('Ticket by its id').fill('four')
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await page.getByText('Enter the id of a ticket').waitFor()
  t.equal(await focused(page), 'ticket-id')
})

browserTest('a ticket that there is not: 404, said', async t => {
  const page = await openTickets(t, await withTickets(t), '?ticket=999', { expected: /404/ })
  await shows(page, '#ticket', /There is no ticket 999/)
})

browserTest('counts are counted when somebody asks, and lead to the tickets', async t => {
  const service = await withTickets(t)
  const page = await openTickets(t, service)
  const asked: string[] = []
  page.on('request', request => asked.push(request.url()))
  await summary(page, /20 tickets/)
  await page.getByRole('button', { name: 'Count', exact: true }).click()
  await shows(page, '#counts-summary', /^25 tickets at/)
  t.match(await page.getByRole('table', { name: 'Counts' }).innerText(), /open\s*20[\s\S]*closed\s*5/)
  await page.getByRole('table', { name: 'Counts' }).getByRole('link', { name: 'closed' }).click()
  await summary(page, /^5 tickets\.$/)
  t.equal(await page.getByLabel('Status').inputValue(), 'closed')
  t.equal(await page.locator('#counts tbody tr').count(), 0, 'counts of other filters are none of these')
  await page.getByLabel('Count by').selectOption('Agent')
  await page.getByRole('button', { name: 'Count', exact: true }).click()
  await shows(page, '#counts-summary', /^5 tickets at/)
  t.equal(asked.filter(url => url.includes('/tickets/counts')).length, 2)
  t.equal(asked.filter(url => url.includes('/tickets?')).length, 1, 'no list is asked for again and again')
})

browserTest('the count of a category that is named none leads to its tickets, that of those without one to none', async t => {
  const service = await withTickets(t)
  await service.call('PATCH', '/tickets/24', { category: 'none' })
  const page = await openTickets(t, service)
  await page.getByLabel('Count by').selectOption('Category')
  await page.getByRole('button', { name: 'Count', exact: true }).click()
  const table = page.getByRole('table', { name: 'Counts' })
  await shows(page, '#counts', /\bnone 17 billing 7 =none 1\b/)
  t.strictSame(await table.getByRole('link').allInnerTexts(), ['billing', '=none'])
  await table.getByRole('link', { name: '=none' }).click()
  await summary(page, /^1 ticket\.$/)
  t.equal(await page.getByLabel('Category').inputValue(), 'none')
})

browserTest('what is not valid stands at its field', async t => {
  const page = await openTickets(t, await withTickets(t), '', { expected: /400/ })
  await summary(page, /20 tickets/)
  await page.getByLabel('Status').fill('nonsense')
  await page.getByLabel('Customer').fill('0')
  await page.keyboard.press('Enter')
  await page.locator('#filter-status-error, #filter-customer_id-error').filter({ hasText: /It must/ }).first().waitFor()
  t.match(await focused(page), /filter-(status|customer_id)/)
  t.equal(await page.locator('[aria-invalid="true"]').count() > 0, true)
  t.equal(await idsOf(page).then(ids => ids.length), 0, 'no list of other filters is left')
})

browserTest('a key without read, lists that are off or not there: the page says what to do', async t => {
  const [ops, both] = [createApiKey('team', 'ops'), createApiKey('all', 'read+ops')]
  const keyed = await createService(t, { API_KEYS: `${ops.entry},${both.entry}` })
  const page = await openPage(t, await listen(keyed.app), { expected: /40[13]/ })
  await page.goto('/ops#tickets?status=open')
  await page.getByLabel('API key').fill(ops.key)
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'lacks the scope read. Sign in with a key that has it beside ops' }).waitFor()
  t.ok(await page.getByRole('button', { name: 'Sign out' }).isVisible(), 'nobody is sent away')
  t.notMatch(page.url(), ops.key)
  await page.getByRole('button', { name: 'Sign out' }).click()
  t.notOk(await page.getByRole('navigation').isVisible())
  await page.getByLabel('API key').fill(both.key)
  await page.keyboard.press('Enter')
  await summary(page, /No ticket fits/)

  const off = await openTickets(t, await createService(t, { LISTS: 'off' }), '', { expected: /501/ })
  await off.getByRole('alert').filter({ hasText: 'Set LISTS=on' }).waitFor()
})

browserTest('Redis stops: the page says so, shows what there is when asked, and tries again', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  await built(service)
  await service.call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await service.call('POST', '/flush')
  const page = await openTickets(t, service, '', { expected: /503/ })
  await summary(page, /^1 ticket\.$/)
  await server.stop()
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await page.getByRole('alert').filter({ hasText: 'Lists are 503' }).waitFor()
  await page.getByRole('button', { name: 'Show what can be read' }).click()
  await summary(page, /^1 ticket\. Not complete: Redis could not be asked, or not for all tickets\.$/)
  await server.restart()
  await built(service)
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await summary(page, /^1 ticket\.$/)
})

browserTest('hostile and long texts stay texts, and a ticket that cannot be read is named', async t => {
  const service = await withTickets(t)
  const { call, redis, prefix } = service
  const hostile = '<img src=x onerror="alert(1)"><script>alert(2)</script>"\'`'
  await call('PATCH', '/tickets/25', { subject: hostile, category: '<b>x</b>', custom_fields: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field_${i}`, i === 0 ? hostile : 'טקסט מימין לשמאל'])) })
  await call('PATCH', '/tickets/24', { subject: 'שלום, הזמנה 42' })
  await redis.hset(`${prefix}ticket:23`, 'subject', 'long '.repeat(2048))
  await redis.hset(`${prefix}ticket:22`, 'created_at', 'nonsense')
  const page = await openTickets(t, service, '?ticket=25', { viewport: { width: 320, height: 700 } })
  let hasAlerted = false
  page.on('dialog', async dialog => {
    hasAlerted = true
    await dialog.dismiss()
  })
  await summary(page, /1 ticket cannot be read: 22\./)
  t.match(await page.locator('#list').innerText(), hostile)
  await shows(page, '#ticket', /Custom fields \(50\)/)
  t.equal(await page.locator('main img, main script, main b').count(), 0)
  t.equal(hasAlerted, false)
  t.equal(await page.locator('#list [dir="auto"]').filter({ hasText: 'שלום' }).evaluate(element => getComputedStyle(element).direction), 'rtl')
  t.strictSame(await page.evaluate(() => [document.documentElement.scrollWidth, [...document.querySelectorAll('main *, header *')]
    .filter(element => element.getClientRects().length > 0 && !element.closest('thead') && element.getBoundingClientRect().right > 320)
    .map(element => element.outerHTML.slice(0, 80))]), [320, []], 'nothing is wider than a narrow screen')
})

browserTest('every part has a name, and can be reached with the keyboard', async t => {
  const service = await withTickets(t)
  const page = await openTickets(t, service, '?ticket=2')
  await summary(page, /20 tickets/)
  await page.getByRole('button', { name: 'Count', exact: true }).click()
  await shows(page, '#counts-summary', /^25 tickets at/)
  t.strictSame(await page.getByRole('heading', { level: 2 }).allInnerTexts(), ['Find tickets', 'Ticket 2', 'List', 'Counts'])
  t.match(await page.title(), /^Tickets/)
  for (const role of ['button', 'table', 'region', 'textbox', 'link', 'combobox', 'search', 'navigation'] as const) {
    const [all, named] = [await page.getByRole(role).count(), await page.getByRole(role, { name: /\S/ }).count()]
    t.ok(all > 0, role)
    t.equal(named, all, `${role}: ${all}`)
  }
  const names = await page.getByRole('button').evaluateAll(buttons => buttons.filter(button => button.getClientRects().length > 0).map(button => button.getAttribute('aria-label') ?? button.textContent))
  t.equal(new Set(names).size, names.length, 'no two buttons sound the same')
  t.strictSame(await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id).filter((id, i, ids) => ids.indexOf(id) !== i)), [], 'ids are unique')
  t.equal(await page.locator('[style]:not([style=""])').count(), 0)
  t.equal(await page.getByRole('link', { name: 'Tickets', exact: true }).getAttribute('aria-current'), 'page')

  const wanted = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('header a, main a, main button, main input, main select')].filter(element => element.getClientRects().length > 0).length)
  await page.evaluate(() => { (document.activeElement as HTMLElement).blur() })
  const reached = new Set<string>()
  for (let i = 0; i < wanted * 4 && reached.size < wanted; i++) {
    await page.keyboard.press('Tab')
    const mark = await page.evaluate(() => {
      const all = [...document.querySelectorAll('header a, main a, main button, main input, main select')]
      return all.indexOf(document.activeElement!)
    })
    if (mark >= 0) reached.add(String(mark))
  }
  t.equal(reached.size, wanted)

  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByRole('heading', { name: 'State' }).waitFor()
  await shows(page, '#tile-redis', /Up/)
  await page.goBack()
  await page.getByRole('heading', { name: 'Ticket 2' }).waitFor()
})

for (const colorScheme of ['light', 'dark'] as const) {
  browserTest(`all text can be read, ${colorScheme}`, async t => {
    const service = await withTickets(t)
    const page = await openTickets(t, service, '?ticket=2', { colorScheme, reducedMotion: 'reduce', expected: /400/ })
    await summary(page, /20 tickets/)
    await page.getByLabel('Status').fill('nonsense')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await page.getByRole('button', { name: 'Count', exact: true }).click()
    await page.getByRole('alert').nth(1).waitFor()
    await shows(page, '#ticket', /Fields/)
    const { texts } = await page.evaluate(measureContrast)
    t.ok(texts.length > 40, `${texts.length} texts`)
    t.strictSame(texts.filter(({ ratio }) => ratio < CONTRAST_MIN), [])
  })
}
