import type { FastifyInstance } from 'fastify'

const STEPS = ['claim', 'acknowledge', 'release', 'retry']

/** The steps of the flush in Redis, in the order in which they end. */
export function watchCalls ({ redis: { calls } }: FastifyInstance) {
  const names: string[] = []
  calls.on('ended', name => { if (STEPS.includes(name)) names.push(name) })
  return { calls, names }
}

/** The body of a batch that creates `count` closed tickets, from `first` on. */
export const closed = (count: number, first = 1) => ({
  operations: Array.from({ length: count }, (_, i) => ({ op: 'create', ticket_id: first + i, customer_id: 1, status: 'closed' })),
})
