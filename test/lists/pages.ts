import type { Test } from 'tap'
import type { Ticket } from '../../src/tickets/ticket.ts'
import type { Service } from '../helper.ts'

/** All pages of a list, and what is wrong with one of them. */
export async function pages (t: Test, { call }: Pick<Service, 'call'>, query: string, limit: number): Promise<Ticket[]> {
  const all: Ticket[] = []
  for (let cursor = '', turns = 0; ; turns += 1) {
    const { status, body } = await call('GET', `/tickets?limit=${limit}${query}${cursor}`)
    t.equal(status, 200, query)
    if (status !== 200 || turns > 1000) return all
    t.ok(body.tickets.length <= limit)
    all.push(...body.tickets)
    t.equal(body.has_more, body.next_cursor !== null)
    if (!body.has_more) return all
    cursor = `&cursor=${body.next_cursor}`
  }
}
