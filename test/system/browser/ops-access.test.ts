import type { Page } from 'playwright-core'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { browserTest, listen, openContext, openPage, reservePort } from './browser.ts'
import { createService, createStores } from '../../helper.ts'

const ops = createApiKey('team', 'ops')
const shop = createApiKey('shop', 'read+write')
const API_KEYS = `${ops.entry},${shop.entry}`

/** Chromium logs each answer that is an error. */
const REFUSALS = /40[13]|429/

async function signIn (page: Page, key: string) {
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const live = async (page: Page) => await page.locator('#connection').filter({ hasText: 'Live' }).waitFor()

browserTest('a wrong key, a key without the scope, the right key', async t => {
  const service = await createService(t, { API_KEYS })
  const page = await openPage(t, await listen(service.app), { expected: REFUSALS })
  await page.goto('/ops')
  const field = page.getByLabel('API key')
  await field.waitFor()
  t.equal(await page.evaluate(() => document.activeElement?.id), 'key', 'it can be typed at once')
  t.strictSame([await field.getAttribute('type'), await field.getAttribute('autocomplete'), await field.getAttribute('aria-invalid')], ['password', 'off', 'false'])
  t.equal(await page.getByRole('heading', { level: 2 }).count(), 1, 'nothing else is shown')

  const describes = async () => await page.evaluate(() => {
    const [first = ''] = document.querySelector('#key')!.getAttribute('aria-describedby')!.split(' ')
    return document.getElementById(first)!.textContent
  })
  for (const [key, message] of [
    ['', 'Enter a key.'],
    ['wrong', 'The service does not know this key.'],
    ['schlüssel', 'The service does not know this key.'],
    [shop.key, 'This key does not have the scope ops, which this page needs.'],
  ] as const) {
    await signIn(page, key)
    await page.getByText(message).waitFor()
    t.equal(await describes(), message, 'the field says what is wrong with it')
    t.equal(await field.getAttribute('aria-invalid'), 'true')
    t.equal(await page.evaluate(() => document.activeElement?.id), 'key')
    t.equal(await page.evaluate(() => sessionStorage.length), 0, 'what does not let in is not kept')
  }

  await field.fill(`  ${ops.key} `)
  await page.keyboard.press('Enter')
  await live(page)
  await page.locator('#tile-redis').filter({ hasText: 'Up' }).waitFor()
  t.equal(await page.evaluate(() => document.activeElement?.id), 'title', 'a screen reader begins at the top')
  t.notMatch(await page.content(), ops.key, 'the key is nowhere in the page')
  t.notMatch(page.url(), ops.key)
})

browserTest('the key is known to this tab, until it signs out', async t => {
  const service = await createService(t, { API_KEYS })
  const url = await listen(service.app)
  const context = await openContext(t, url, { expected: REFUSALS })
  const page = await context.newPage()
  await page.goto('/ops')
  await signIn(page, ops.key)
  await live(page)
  await page.reload()
  await live(page)
  t.strictSame(await page.evaluate(() => [Object.values(sessionStorage), localStorage.length, document.cookie]), [[ops.key], 0, ''])
  t.strictSame(await context.cookies(), [])

  const other = await context.newPage()
  await other.goto('/ops')
  await other.getByLabel('API key').waitFor()

  const asked: string[] = []
  await page.getByRole('button', { name: 'Sign out' }).click()
  page.on('request', request => asked.push(request.url()))
  await page.getByLabel('API key').waitFor()
  t.equal(await page.evaluate(() => sessionStorage.length), 0)
  t.equal(await page.locator('#tiles, #charts, #dead, #journal').count(), 0, 'what was shown has gone')
  t.notOk(await page.getByRole('button', { name: 'Sign out' }).isVisible())
  await page.reload()
  await page.getByLabel('API key').waitFor()
  t.notOk(asked.some(path => /metrics|dead|journal\b(?!.*\.js)/.test(new URL(path).pathname) && !path.endsWith('.js')), 'nobody asks any more')
})

browserTest('a key that is taken away ends the visit', async t => {
  const port = await reservePort()
  const stores = await createStores(t)
  const first = await createService(t, { API_KEYS }, stores)
  const page = await openPage(t, await listen(first.app, port), { expected: /40[13]|ERR_/ })
  await page.goto('/ops')
  await signIn(page, ops.key)
  await live(page)
  await first.app.close()
  const renewed = createApiKey('team', 'ops')
  const second = await createService(t, { API_KEYS: renewed.entry }, stores)
  await listen(second.app, port)
  await page.getByText('The key is not accepted any more. Sign in again.').waitFor()
  t.equal(await page.evaluate(() => sessionStorage.length), 0)
  t.equal(await page.locator('#tiles').count(), 0)
  await signIn(page, renewed.key)
  await live(page)
})

browserTest('actions bear the key, too', async t => {
  const service = await createService(t, { API_KEYS })
  const authorization = { authorization: `Bearer ${shop.key}` }
  await service.call('POST', '/tickets/1', { customer_id: 1, status: 'closed' }, authorization)
  const page = await openPage(t, await listen(service.app), { expected: REFUSALS })
  await page.goto('/ops')
  await signIn(page, ops.key)
  await page.getByRole('button', { name: 'Flush now' }).click()
  await page.getByText('1 ticket synced').waitFor()
  t.match(await service.row(1), { status: 'closed' })
})

browserTest('too many wrong keys: the page says how long to wait', async t => {
  const service = await createService(t, { API_KEYS })
  const page = await openPage(t, await listen(service.app), { expected: REFUSALS })
  await page.goto('/ops')
  await page.getByLabel('API key').waitFor()
  // From the same address as the browser.
  for (let status = 401; status === 401;) status = (await service.call('GET', '/flush', undefined, { authorization: 'Bearer guess' })).status
  await signIn(page, 'another')
  await page.getByText(/Too many attempts\. Try again in \d+ s\./).waitFor()
  await signIn(page, ops.key)
  await live(page)
})
