import { createApiKey } from '../../../src/auth/api-keys.ts'
import { browserTest, listen, openPage } from './browser.ts'
import { createService } from '../../helper.ts'

browserTest('Swagger UI: a route is opened, tried out with a key, and answers 201', async t => {
  const { key, entry } = createApiKey('shop', 'read+write')
  const service = await createService(t, { DOCS: 'on', API_KEYS: entry })
  const page = await openPage(t, await listen(service.app), { expected: /status of 401/ })
  await page.goto('/docs')
  await page.locator('.opblock-tag-section').first().waitFor()

  const route = page.locator('.opblock').filter({ has: page.locator('[data-path="/tickets/{id}"]') }).filter({ hasText: 'POST' })
  await route.locator('.opblock-summary-control').click()
  const execute = route.getByRole('button', { name: 'Execute' })
  await execute.click()
  await route.locator('.live-responses-table .response-col_status').filter({ hasText: '401' }).waitFor()

  await page.getByRole('button', { name: 'Authorize' }).first().click()
  const dialog = page.locator('.modal-ux')
  await dialog.locator('input').fill(key)
  await dialog.getByRole('button', { name: 'Apply credentials' }).click()
  await dialog.locator('.close-modal').click()

  await execute.click()
  await route.locator('.live-responses-table .response-col_status').filter({ hasText: '201' }).waitFor()
  t.equal(await service.redis.exists(`${service.prefix}ticket:1234`), 1, 'and the ticket is there')

  // No optional header is filled in: it would have the second ticket refused, or leave the answer without its body.
  await route.locator('.live-responses-table').filter({ hasText: '"ticket_id": 1234' }).waitFor()
  await route.locator('[data-param-name="id"] input').fill('1235')
  await execute.click()
  await route.locator('.live-responses-table').filter({ hasText: '"ticket_id": 1235' }).waitFor()
})
