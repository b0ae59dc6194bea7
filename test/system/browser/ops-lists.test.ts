import { browserTest, settled } from './browser.ts'
import { withConflicts } from './conflicts.ts'
import { createService, eventually, type Variables } from '../../helper.ts'
import { openOps, outcome, shows } from './ops.ts'

/** A rule of the operator's that the service does not know. */
const rule = 'ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')'
const noRule = 'ALTER TABLE wp_support_tickets DROP CONSTRAINT no_poison'

/** A service with tickets 1 to `count` as dead letters. */
async function withDeadLetters (t: Parameters<typeof createService>[0], count: number, variables: Variables = {}) {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 1, ...variables })
  await service.sql.query(rule)
  await service.call('POST', '/tickets/batch', { operations: Array.from({ length: count }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1, status: 'closed', subject: 'poison' })) })
  await service.call('POST', '/flush')
  return service
}

browserTest('a dead letter is listed with its reason, and Retry brings it back', async t => {
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

browserTest('dead letters come in pages', async t => {
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

browserTest('a conflict of the journal is listed with its fields and reason; it is applied or discarded after a question', async t => {
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
  await page.getByText('None. Every write of the journal was applied.').waitFor()
  t.match(await hash(2), { subject: 'newer' })
  t.equal((await call('GET', '/journal')).body.conflicts, 0)
})

browserTest('a question that is asked right after another one has an answer of its own', async t => {
  const service = await withConflicts(t, [{ ticket_id: 1, subject: 'late' }])
  const page = await openOps(t, service)
  await page.getByRole('button', { name: /^Apply entry/ }).waitFor()
  await page.evaluate(() => {
    const button = (name: string) => [...document.querySelectorAll('button')].find(({ ariaLabel }) => ariaLabel?.startsWith(name))!
    button('Discard').click()
    document.querySelector('dialog')!.close()
    button('Apply').click()
  })
  await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click()
  await outcome(page, /was applied to ticket 1/).waitFor()
  t.match(await service.hash(1), { subject: 'late' })
})

browserTest('what somebody else has settled meanwhile is told', async t => {
  const service = await withConflicts(t, [{ ticket_id: 1, subject: 'late' }])
  const { call } = service
  const page = await openOps(t, service, { expected: /404.*\/apply/ })
  await page.getByRole('button', { name: /^Apply entry/ }).click()
  const { body: { entries: [{ seq }] } } = await call('GET', '/journal')
  await call('POST', `/journal/${seq}/discard`)
  await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click()
  await outcome(page, /Not done: /).waitFor()
})

browserTest('hostile text stays text', async t => {
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
