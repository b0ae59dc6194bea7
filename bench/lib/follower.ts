/** Reads changes as a consumer does: over one connection, a page after the other. */
import { Agent, request } from 'node:http'
import { Failure } from '../../scripts/lib/main.mjs'
import type { Service } from './stage.ts'
import type { Ids } from './tickets.ts'

interface Page { changes: { ticket_id: number }[], next_cursor: string, has_more: boolean }

/**
 * From the beginning until each of the tickets was told. The cursor goes on, and what changes meanwhile would be told for as
 * long as somebody writes.
 *
 * @param tickets of which there is each
 * @returns tickets a second
 */
export async function followAll (service: Pick<Service, 'url' | 'key'>, tickets: readonly Ids[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const seen = tickets.map(({ count }) => new Uint8Array(count))
  const total = tickets.reduce((sum, { count }) => sum + count, 0)
  let left = total
  let since = ''
  const startedAt = performance.now()
  try {
    while (left > 0) {
      const page = await ask(agent, service, `/changes?limit=1000${since && `&since=${since}`}`)
      for (const { ticket_id: id } of page.changes) {
        const place = tickets.findIndex(({ first, count }) => id >= first && id < first + count)
        const index = id - (tickets[place]?.first ?? 0)
        if (seen[place]?.[index] !== 0) continue
        seen[place][index] = 1
        left -= 1
      }
      if (!page.has_more && left > 0) throw new Failure(`All changes were read, and ${left} of ${total} tickets were not among them`)
      since = page.next_cursor
    }
  } finally {
    agent.destroy()
  }
  return total / ((performance.now() - startedAt) / 1000)
}

async function ask (agent: Agent, { url, key }: Pick<Service, 'url' | 'key'>, path: string): Promise<Page> {
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
