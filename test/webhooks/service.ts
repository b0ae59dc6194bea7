import type { Test } from 'tap'
import { createService, createStores, eventually, type Service, type Stores, type Variables } from '../helper.ts'
import { startReceiver, webhooks, type Receiver, type TargetEntry } from './receiver.ts'

/** What GET /webhooks/:name says. */
export const webhookOf = async ({ call }: Pick<Service, 'call'>, name = 'crm') => {
  const { body } = await call('GET', `/webhooks/${name}`)
  return body as { name: string, state: string, waiting: number, dead: number, dropped: number, gaps: number, last_failure: string | null, paused_until: number | null, disabled_at: number | null, dead_deliveries: { ticket_id: number, attempts: number, reason: string, version: number, type: string }[] }
}

/** Resolves when GET /webhooks/:name fits. */
export const webhookThat = (service: Pick<Service, 'call'>, fits: (webhook: Awaited<ReturnType<typeof webhookOf>>) => boolean, name = 'crm') => eventually(async () => {
  const webhook = await webhookOf(service, name)
  if (!fits(webhook)) throw new Error(JSON.stringify(webhook))
  return webhook
})

/** Resolves when the target has begun to be told: what changes from then on it is told of. */
export const begun = ({ redis, prefix }: Pick<Stores, 'redis' | 'prefix'>, name = 'crm') => eventually(async () => {
  const cursor = await redis.hget(`${prefix}webhook:${name}`, 'cursor')
  if (cursor === null) throw new Error('it has not begun')
  return cursor
})

/** A service that tells `receiver` of changes. */
export async function createTold (t: Test, { receiver, stores, entry = {}, variables = {} }: { receiver?: Receiver, stores?: Stores, entry?: TargetEntry, variables?: Variables } = {}) {
  const to = receiver ?? await startReceiver(t)
  const own = stores ?? await createStores(t)
  const service = await createService(t, { WEBHOOKS: webhooks({ url: to.url, ...entry }), WEBHOOK_RETRY_SECONDS: 0, ...variables }, own)
  await begun(own)
  return { ...service, receiver: to, stores: own }
}
