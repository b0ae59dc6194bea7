/** Reads changes as a consumer does: over one connection, a page after the other. */
import { Agent, request } from 'node:http'
import { Failure } from '../../scripts/lib/main.mjs'
import type { Service } from './stage.ts'
import type { Ids } from './tickets.ts'

interface Page { changes: { ticket_id: number }[], next_cursor: string, has_more: boolean }

type Consumed = Pick<Service, 'url' | 'key'>

/** Page after page, and what comes later. */
async function * follow (service: Consumed, since: string): AsyncGenerator<Page> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    for (let cursor = since; ;) {
      const page = await ask(agent, service, `/changes?limit=1000${cursor && `&since=${cursor}`}`)
      yield page
      cursor = page.next_cursor
    }
  } finally {
    agent.destroy()
  }
}

/**
 * From the beginning until each of the tickets was told. The cursor goes on, and what changes meanwhile would be told for as
 * long as somebody writes.
 *
 * @param tickets of which there is each
 * @returns tickets a second, and the cursor after half of them
 */
export async function followAll (service: Consumed, tickets: readonly Ids[]): Promise<{ rate: number, middle: string }> {
  const seen = tickets.map(({ count }) => new Uint8Array(count))
  const total = tickets.reduce((sum, { count }) => sum + count, 0)
  let left = total
  let middle: string | undefined
  const startedAt = performance.now()
  for await (const page of follow(service, '')) {
    for (const { ticket_id: id } of page.changes) {
      const place = tickets.findIndex(({ first, count }) => id >= first && id < first + count)
      const index = id - (tickets[place]?.first ?? 0)
      if (seen[place]?.[index] !== 0) continue
      seen[place][index] = 1
      left -= 1
    }
    if (left <= total / 2) middle ??= page.next_cursor
    if (left === 0) break
    if (!page.has_more) throw new Failure(`All changes were read, and ${left} of ${total} tickets were not among them`)
  }
  return { rate: total / ((performance.now() - startedAt) / 1000), middle: middle! }
}

/**
 * From a cursor on, until it is over; where it comes to the end before, it begins there again.
 * @param since '': the beginning
 * @returns tickets a second
 */
export async function followFrom (service: Consumed, since: string, isOver: () => boolean): Promise<number> {
  let told = 0
  const startedAt = performance.now()
  while (!isOver()) {
    for await (const page of follow(service, since)) {
      told += page.changes.length
      if (isOver() || !page.has_more) break
    }
  }
  return told / ((performance.now() - startedAt) / 1000)
}

async function ask (agent: Agent, { url, key }: Consumed, path: string): Promise<Page> {
  const { status, text } = await new Promise<{ status: number | undefined, text: string }>((resolve, reject) => {
    const sent = request(url + path, { agent, headers: { authorization: `Bearer ${key}` } }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
  if (status !== 200) throw new Failure(`GET ${path} was answered with ${status}: ${text.slice(0, 1000)}`)
  return JSON.parse(text) as Page
}
