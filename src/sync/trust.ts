import { storeUnavailable } from '../errors.ts'
import type { TicketRepository } from '../tickets/repository.ts'

/**
 * Refuses writes while Redis may hold older data than MySQL. A write on top of that would be newer than
 * what it does not know of, and would replace it in MySQL. Reads go on.
 */
export function createTrust (repository: TicketRepository, isTrusted: () => boolean): TicketRepository {
  return {
    read: repository.read,
    write: operations => {
      if (isTrusted()) return repository.write(operations)
      const problem = storeUnavailable(new Error('Redis was away, and is not yet known to hold all that MySQL does'))
      return Promise.resolve(operations.map(() => problem))
    },
  }
}
