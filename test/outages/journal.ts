import { createHash, randomUUID } from 'node:crypto'
import { eventually, type Service } from '../helper.ts'

export const ready = async ({ call }: Pick<Service, 'call'>, status: string) => await eventually(async () => {
  const { body } = await call('GET', '/health/ready')
  if (body.status !== status) throw new Error(JSON.stringify(body))
  return body
})

/** Until the connection is known to be gone: a write before that may have reached Redis. */
export const journaling = async ({ call }: Pick<Service, 'call'>) => await ready({ call }, 'degraded')

/**
 * Until nothing waits in the journal and this instance's writes go to Redis again, which is a little later: a write in between
 * is kept, too. Resolves with what the journal says.
 * @param headers where the service wants a key
 */
export const replayed = async ({ call }: Pick<Service, 'call'>, headers: Record<string, string> = {}) => await eventually(async () => {
  const { body } = await call('GET', '/journal', undefined, headers)
  const { body: { journal } } = await call('GET', '/health/ready')
  if (body.pending > 0 || journal !== 'idle') throw new Error(JSON.stringify({ ...body, journal }))
  return body
})

/** The name of the lock that the replay takes. */
export function replayLock (mysqlUrl: string): string {
  return `journal:${createHash('sha1').update(`${new URL(mysqlUrl).pathname.slice(1)}.wp_support_tickets_journal:replay`).digest('hex')}`
}

interface NewEntry { seq?: number, ticket_id: number, partition_index?: number, op?: string, fields: object, if_match?: string, accepted_at?: number, kept_at?: number, clock?: string, state?: string }

/** As another instance keeps them; without kept_at, one of an older version. */
export async function insertEntry (sql: Service['sql'], ...entries: NewEntry[]) {
  const rows = entries.map(({ seq = null, ticket_id: id, partition_index: partition = 0, op = 'update', fields, if_match: versions = null, accepted_at: at = Date.now(), kept_at: keptAt = null, clock = 'redis', state = 'pending' }) =>
    [seq, id, partition, op, JSON.stringify(fields), versions, at, keptAt, clock, randomUUID(), '', 0, state])
  await sql.query('INSERT INTO wp_support_tickets_journal (seq, ticket_id, partition_index, op, fields, if_match, accepted_at, kept_at, clock, idempotency_key, fingerprint, operation_index, state) VALUES ?', [rows])
}
