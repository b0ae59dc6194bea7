import type { FastifyInstance } from 'fastify'

const STEPS = ['claim', 'acknowledge', 'release', 'retry']

/** The steps of the flush in Redis, in the order in which they end. */
export function watchCalls ({ redis: { calls } }: FastifyInstance) {
  const names: string[] = []
  calls.on('ended', name => { if (STEPS.includes(name)) names.push(name) })
  return { calls, names }
}

/** Holds a resync at its first comparison, after the look that has found the loss. Answers what lets it go on. */
export function holdResync ({ tickets: { database } }: FastifyInstance): () => void {
  const { versions } = database
  const gate = Promise.withResolvers<void>()
  let asked = 0
  database.versions = async ids => {
    asked += 1
    if (asked > 1) await gate.promise
    return await versions(ids)
  }
  return gate.resolve
}

/** The body of a batch that creates `count` closed tickets, from `first` on. */
export const closed = (count: number, first = 1) => ({
  operations: Array.from({ length: count }, (_, i) => ({ op: 'create', ticket_id: first + i, customer_id: 1, status: 'closed' })),
})
