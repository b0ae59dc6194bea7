import type { Test } from 'tap'
import { createService, createStores, eventually, privateRedis, type Service, type Variables } from '../../helper.ts'

/** Resolves when /health/ready says so. */
export async function untilHealth ({ call }: Pick<Service, 'call'>, status: 'ready' | 'degraded' | 'unavailable') {
  await eventually(async () => {
    const { body } = await call('GET', '/health/ready')
    if (body.status !== status) throw new Error(JSON.stringify(body))
  })
}

/**
 * A service with a journal entry in conflict for each of the changes, on a Redis of its own: they were accepted while Redis was
 * unavailable, and another instance has changed the tickets since.
 */
export async function withConflicts (t: Test, changes: { ticket_id: number, [field: string]: unknown }[], variables: Variables = {}) {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const before = await createService(t, variables, stores)
  await before.call('POST', '/tickets/batch', { operations: changes.map(({ ticket_id }) => ({ op: 'create', ticket_id, customer_id: 1, subject: 'first' })) })
  await server.kill()
  await untilHealth(before, 'degraded')
  for (const { ticket_id, ...fields } of changes) await before.call('PATCH', `/tickets/${ticket_id}`, fields)
  await before.app.close()

  await server.restart()
  const other = await createService(t, { ...variables, FALLBACK: 'off' }, stores)
  for (const { ticket_id } of changes) await other.call('PATCH', `/tickets/${ticket_id}`, { subject: 'newer' })
  await other.app.close()

  const service = await createService(t, variables, stores)
  await untilHealth(service, 'ready')
  return { ...service, server, stores }
}
