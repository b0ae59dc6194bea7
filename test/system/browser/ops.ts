import type { Page } from 'playwright-core'
import { listen, openPage, settled } from './browser.ts'
import type { Service } from '../../helper.ts'

/** The page for operators, once it shows something. */
export async function openOps (t: Parameters<typeof openPage>[0], { app }: Pick<Service, 'app'>, options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
  const page = await openPage(t, await listen(app), options)
  await page.goto('/ops')
  await page.getByText('Live').waitFor()
  return page
}

/** Where the page tells what became of an action. */
export const outcome = (page: Page, text: RegExp) => page.getByRole('status').filter({ hasText: text })

/** Resolves with the text of an element once it fits. */
export const shows = async (page: Page, selector: string, fits: RegExp): Promise<string> =>
  await settled(async () => (await page.locator(selector).innerText()).replace(/\s+/g, ' '), text => fits.test(text))
