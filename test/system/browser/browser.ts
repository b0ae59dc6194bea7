import { once } from 'node:events'
import { createServer } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { findChromium } from '../../../scripts/lib/binaries.mjs'

/** Enough for a page that waits for its next poll on a busy machine. */
const TIMEOUT_MS = 20_000

let launched: Promise<Browser> | undefined

/** One browser for all tests of a file; it goes with the file. */
async function launch (): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('There is no Chromium: run the tests with npm test')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] })
  t.teardown(() => browser.close())
  return browser
}

/** What a page must not do, unless the test says that it will. */
interface Expectations {
  /** Of messages in the console, failed requests and answers that are errors. */
  expected?: RegExp
  /** Other origins that it asks. */
  origins?: readonly string[]
}

/** What the pages of a test did that nobody expected. */
const surprises = new WeakMap<Test, string[]>()

/** A test with pages, which fails when one of them did what nobody expected. That is looked at while the test can still fail. */
export function browserTest (name: string, body: (t: Test) => Promise<void>): void {
  void t.test(name, async t => {
    await body(t)
    t.strictSame(surprises.get(t) ?? [], [], 'no page did what was not expected')
  })
}

/**
 * A browser that has never been here. The `browserTest` fails when one of its pages logs an error, violates its policy, throws, asks
 * another host, or asks for something that fails.
 */
export async function openContext (t: Test, url: string, { expected, origins = [], ...options }: Expectations & BrowserContextOptions = {}) {
  launched ??= launch()
  const context = await (await launched).newContext({ baseURL: url, ...options })
  context.setDefaultTimeout(TIMEOUT_MS)
  const all = surprises.get(t) ?? []
  surprises.set(t, all)
  const { origin } = new URL(url)
  const notice = (what: string) => { if (!expected?.test(what)) all.push(what) }

  context.on('console', message => { if (['error', 'warning'].includes(message.type())) notice(`${message.type()}: ${message.text()} ${message.location().url}`) })
  context.on('weberror', error => { notice(`uncaught: ${error.error().stack ?? error.error().message}`) })
  context.on('requestfailed', request => {
    const { errorText = '' } = request.failure() ?? {}
    // That of a page that was left or reloaded.
    if (errorText !== 'net::ERR_ABORTED') notice(`failed: ${request.method()} ${request.url()} ${errorText}`)
  })
  context.on('request', request => { if (!/^(data|blob):/.test(request.url()) && ![origin, ...origins].includes(new URL(request.url()).origin)) all.push(`another host: ${request.url()}`) })
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
      console.error(`policy violated: ${violatedDirective} ${blockedURI} ${sourceFile}`)
    })
  })
  t.teardown(() => context.close())
  return context
}

export async function openPage (t: Test, url: string, options: Expectations & BrowserContextOptions = {}): Promise<Page> {
  const context = await openContext(t, url, options)
  return await context.newPage()
}

/** The address that the service is reached at from now on. */
export async function listen (app: FastifyInstance, port = 0): Promise<string> {
  return await app.listen({ host: '127.0.0.1', port })
}

/** A port that a service can be stopped at and come back to. */
export async function reservePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Resolves when `read` answers what fits; the test's own timeout is the limit. */
export async function settled<T> (read: () => Promise<T>, fits: (value: T) => boolean): Promise<T> {
  const giveUpAt = Date.now() + TIMEOUT_MS
  for (;;) {
    const value = await read()
    if (fits(value)) return value
    if (Date.now() > giveUpAt) throw new Error(`it is still ${JSON.stringify(value)}`)
    await new Promise(resolve => { setTimeout(resolve, 50) })
  }
}
