import type { TicketRepository } from '../tickets/repository.ts'
import type { Shards } from './shards.ts'

/** The repositories of the shards as one. */
export function createShardedRepository (shards: Shards<{ repository: TicketRepository }>): TicketRepository {
  const [only, ...others] = shards.all
  if (only && others.length === 0) return only.repository
  return {
    write: operations => shards.spread(operations, operation => operation.ticket_id, ({ repository }, part) => repository.write(part)),
    read: ids => shards.spread(ids, id => id, ({ repository }, part) => repository.read(part)),
  }
}
