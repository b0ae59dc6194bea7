import fc from 'fast-check'
import { fits, type Filters } from '../../../src/tickets/query.ts'
import type { Ticket } from '../../../src/tickets/ticket.ts'
import { isSame } from '../harness/ledger.ts'
import type { TicketModel } from './model.ts'
import type { Reader } from './reader.ts'
import { AGENTS, CUSTOMERS, STATUSES } from './writers.ts'

type Sort = typeof SORTS[number]

/** What one list, or one count, is asked for. */
export interface Asked { filters: Filters, sort: Sort, limit: number, by: 'status' | 'assigned_to' | 'priority' }

const SORTS = ['ticket_id', '-ticket_id', 'created_at', '-created_at'] as const

export const asked: fc.Arbitrary<Asked> = fc.record({
  filters: fc.record({
    status: fc.uniqueArray(fc.constantFrom(...STATUSES), { minLength: 1 }),
    assigned_to: fc.uniqueArray(fc.constantFrom(0, ...AGENTS), { minLength: 1 }),
    customer_id: fc.integer({ min: 1, max: CUSTOMERS }),
  }, { requiredKeys: [] }),
  sort: fc.constantFrom(...SORTS),
  limit: fc.constantFrom(7, 30, 100),
  by: fc.constantFrom('status', 'assigned_to', 'priority'),
})

const toQuery = ({ status, assigned_to: agents, customer_id: customer }: Filters): string => [
  ...status ? [`&status=${status.join()}`] : [],
  ...agents ? [`&assigned_to=${agents.map(agent => agent || 'none').join()}`] : [],
  ...customer ? [`&customer_id=${customer}`] : [],
].join('')

const compare = (sort: Sort) => {
  const field = sort.replace('-', '') as 'ticket_id' | 'created_at'
  const sign = sort.startsWith('-') ? -1 : 1
  return (a: Ticket, b: Ticket) => sign * (a[field] - b[field] || a.ticket_id - b.ticket_id)
}

interface Page { tickets: Ticket[], next_cursor: string | null, has_more: boolean, errors?: object[] }

/** Walks lists and counts, and says what is wrong with them: what nobody has written meanwhile is there, as it is and once. */
export function createLister (read: Reader, model: TicketModel) {
  return {
    async * walk ({ filters, sort, limit }: Pick<Asked, 'filters' | 'sort' | 'limit'>): AsyncGenerator<string> {
      const query = `limit=${limit}&sort=${sort}${toQuery(filters)}`
      const inOrder = compare(sort)
      const began = model.now()
      const seen: Ticket[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const asked = model.now()
        const { status, body }: { status: number, body: Page } = await read(`/tickets?${query}${cursor && `&cursor=${cursor}`}`)
        if (status !== 200 || body.errors || body.has_more !== (body.next_cursor !== null)) return yield `${query}: answered ${status} ${JSON.stringify(body)}`
        for (const ticket of body.tickets) {
          const last = seen.at(-1)
          if (last && inOrder(last, ticket) >= 0) yield `${query}: ticket ${ticket.ticket_id} comes after ${last.ticket_id}`
          if (!fits(ticket, filters)) yield `${query}: ${JSON.stringify(ticket)} does not fit`
          if (model.isSteady(ticket.ticket_id, asked)) yield * difference(query, ticket, model.get(ticket.ticket_id))
          seen.push(ticket)
        }
        cursor = body.next_cursor
      }
      const ids = new Set(seen.map(({ ticket_id: id }) => id))
      for (const ticket of model.since(began).steady) if (fits(ticket, filters) && !ids.has(ticket.ticket_id)) yield `${query}: is without ${JSON.stringify(ticket)}`
    },

    async * count ({ filters, by }: Pick<Asked, 'filters' | 'by'>): AsyncGenerator<string> {
      const query = `group_by=${by}${toQuery(filters)}`
      const began = model.now()
      const { status, body } = await read<{ counts: Record<string, number> }>(`/tickets/counts?${query}`)
      if (status !== 200) return yield `counts ${query}: answered ${status} ${JSON.stringify(body)}`
      const { steady, others } = model.since(began)
      const expected: Record<string, number> = {}
      for (const ticket of steady.filter(ticket => fits(ticket, filters))) {
        const value = String(ticket[by] ?? 'none')
        expected[value] = (expected[value] ?? 0) + 1
      }
      for (const value of new Set([...Object.keys(expected), ...Object.keys(body.counts)])) {
        const least = expected[value] ?? 0
        const count = body.counts[value] ?? 0
        if (count < least || count > least + others) yield `counts ${query}: ${value} is ${count}, not ${least}${others ? ` to ${least + others}` : ''}`
      }
    },

    /** Each ticket by its own route, which puts back what only MySQL holds. */
    async * look (ids: readonly number[]): AsyncGenerator<string> {
      for (const id of ids) {
        const asked = model.now()
        const { status, body } = await read<Ticket>(`/tickets/${id}`)
        if (!model.isSteady(id, asked)) continue
        const ticket = model.get(id)
        if (status !== (ticket ? 200 : 410)) yield `ticket ${id}: answered ${status}, is ${JSON.stringify(ticket)}`
        else if (ticket) yield * difference('by its route', body, ticket)
      }
    },
  }
}

export type Lister = ReturnType<typeof createLister>

export function * difference (where: string, found: Ticket, expected: Ticket | null | undefined): Generator<string> {
  if (!expected || !isSame(found, expected)) yield `${where}: ${JSON.stringify(found)} is shown, ${JSON.stringify(expected)} was answered last`
}
