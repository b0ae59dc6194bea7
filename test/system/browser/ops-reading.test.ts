import type { Page } from 'playwright-core'
import { browserTest, listen, openPage, settled } from './browser.ts'
import { withConflicts } from './conflicts.ts'
import { CONTRAST_MIN, measureContrast } from './contrast.ts'

/** A page with something in every part of it. */
async function openFull (t: Parameters<typeof openPage>[0], options: Parameters<typeof openPage>[2] = {}) {
  const service = await withConflicts(t, [{ ticket_id: 1, subject: 'late' }, { ticket_id: 2, custom_fields: { long: 'word'.repeat(100) } }], { FLUSH_MAX_ATTEMPTS: 1 })
  const { call, sql, app } = service
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')')
  await call('POST', '/tickets/batch', { operations: [7, 8].map(ticket_id => ({ op: 'create', ticket_id, customer_id: 1, status: 'closed', subject: 'poison' })) })
  await call('POST', '/flush')
  const page = await openPage(t, await listen(app), options)
  await page.goto('/ops')
  await page.getByText('Live').waitFor()
  await page.getByRole('button', { name: 'Flush now' }).click()
  await page.getByText('0 tickets synced').waitFor()
  return { ...service, page }
}

const focused = async (page: Page) => await page.evaluate(() => {
  const element = document.activeElement
  return element?.getAttribute('aria-label') ?? element?.textContent?.trim().slice(0, 40) ?? ''
})

browserTest('everything can be done with the keyboard alone', async t => {
  const { page, call, hash } = await openFull(t)
  await page.reload()
  await page.getByRole('button', { name: 'Retry ticket 7' }).waitFor()
  await page.getByRole('button', { name: 'Discard entry' }).first().waitFor()
  const walk: string[] = []
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab')
    walk.push(await focused(page))
  }
  const { body: { entries: [{ seq: one }, { seq: two }] } } = await call('GET', '/journal')
  t.strictSame(walk.map(name => name.replace(/^custom_fields.*/, 'details')), [
    'Overview', 'Tickets', 'Flush now', 'Flush all unsynced', 'Retry all', 'Retry ticket 7', 'Retry ticket 8',
    `Apply entry ${one} of ticket 1`, `Discard entry ${one} of ticket 1`, 'details', `Apply entry ${two} of ticket 2`, `Discard entry ${two} of ticket 2`,
  ], 'in the order in which they are seen')
  t.ok(await page.evaluate(() => {
    const button = document.querySelector<HTMLElement>('#flush-due')!
    button.focus({ focusVisible: true } as FocusOptions)
    return getComputedStyle(button).outlineStyle !== 'none' && parseFloat(getComputedStyle(button).outlineWidth) >= 2
  }), 'the focus can be seen')

  await page.keyboard.press('Enter')
  await page.getByText('Flushed in').waitFor()
  t.equal(await focused(page), 'Flush now', 'and stays')

  await page.getByRole('button', { name: `Apply entry ${one} of ticket 1` }).focus()
  await page.keyboard.press('Enter')
  t.equal(await focused(page), 'Cancel', 'what does no harm comes first')
  await page.keyboard.press('Escape')
  await settled(() => focused(page), name => name === `Apply entry ${one} of ticket 1`)
  await page.keyboard.press('Space')
  await page.keyboard.press('Tab')
  t.equal(await focused(page), 'Apply')
  await page.keyboard.press('Enter')
  await page.getByText('was applied to ticket 1').waitFor()
  t.match(await hash(1), { subject: 'late' })
  await settled(() => focused(page), name => name === `Apply entry ${two} of ticket 2`)
})

browserTest('every part has a name, and the page a structure', async t => {
  const { page } = await openFull(t)
  t.equal(await page.locator('html').getAttribute('lang'), 'en')
  t.strictSame(await page.getByRole('heading', { level: 1 }).count(), 1)
  t.strictSame(await page.getByRole('heading', { level: 2 }).allInnerTexts(), ['State', 'Backlog and traffic', 'Flush to MySQL', 'Dead letters (2)', 'Journal conflicts (2)'])
  for (const landmark of ['banner', 'main'] as const) t.equal(await page.getByRole(landmark).count(), 1, landmark)
  for (const role of ['button', 'table', 'region', 'img', 'textbox', 'link'] as const) {
    const [all, named] = [await page.getByRole(role).count(), await page.getByRole(role, { name: /\S/ }).count()]
    t.equal(named, all, `${role}: ${all}`)
  }
  const names = await page.getByRole('button').evaluateAll(buttons => buttons.map(button => button.getAttribute('aria-label') ?? button.textContent))
  t.equal(new Set(names).size, names.length, 'no two buttons sound the same')
  t.equal(await page.getByRole('columnheader').count(), 5 + 7)
  t.equal(await page.getByRole('rowheader').count(), 2 + 2)
  t.equal(await page.locator('[style]:not([style=""])').count(), 0, 'no style is set past the policy')
  t.strictSame(await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id).filter((id, i, ids) => ids.indexOf(id) !== i)), [], 'ids are unique')
})

for (const colorScheme of ['light', 'dark'] as const) {
  browserTest(`all text can be read, ${colorScheme}`, async t => {
    const { page } = await openFull(t, { colorScheme, reducedMotion: 'reduce' })
    t.equal(await page.evaluate(() => document.getAnimations().length), 0, 'nothing moves for those who do not want it')
    await page.getByRole('button', { name: 'Discard entry' }).first().click()
    await page.evaluate(() => { document.querySelector('#stale')!.textContent = 'What you see is stale' })
    const { texts, lines } = await page.evaluate(measureContrast)
    t.ok(texts.length > 60, `${texts.length} texts`)
    t.strictSame(texts.filter(({ ratio }) => ratio < CONTRAST_MIN), [])
    t.ok(lines.length >= 7)
    t.strictSame(lines.filter(({ ratio }) => ratio < 3), [], 'lines and shapes')
  })
}

browserTest('a narrow screen is enough', async t => {
  const { page } = await openFull(t, { viewport: { width: 360, height: 740 } })
  t.strictSame(await page.evaluate(() => [document.documentElement.scrollWidth, [...document.querySelectorAll('main *')]
    .filter(element => element.getClientRects().length > 0 && !element.closest('thead') && element.getBoundingClientRect().right > 360)
    .map(element => element.outerHTML.slice(0, 80))]), [360, []], 'nothing is wider than it')
  t.ok(await page.getByRole('table', { name: 'Dead letters' }).getByRole('row', { name: /no_poison/ }).first().isVisible(), 'a table is one for a screen reader, too')
  const sizes = await page.getByRole('button').evaluateAll(buttons => buttons.map(button => button.getBoundingClientRect()).map(({ width, height }) => Math.min(width, height)))
  t.ok(sizes.every(size => size >= 24), 'and buttons can be hit')
})
