import { invalid } from '../errors.ts'
import type { ImportTicket, Statuses } from './fields.ts'

/** Seconds by which another machine's clock may be ahead. What is later is a mistake: local time taken for UTC, another unit. */
const CLOCKS_DIFFER_MAX = 60

const isClosedBy = ({ status }: ImportTicket, { closedStatuses, defaultStatus }: Statuses) => closedStatuses.includes(status ?? defaultStatus)

/**
 * What the schema cannot say of the dates of an import: they are in the order of a ticket's life, in the past, and closed_at is
 * there only with a status that closes.
 * @throws {Problem} validation_failed, naming the field
 */
export function checkDates (fields: ImportTicket, statuses: Statuses): void {
  const { created_at: created, updated_at: updated, closed_at: closed } = fields
  const latest = Math.floor(Date.now() / 1000) + CLOCKS_DIFFER_MAX
  for (const [name, at] of [['updated_at', updated], ['closed_at', closed]] as const) {
    if (at === undefined) continue
    // The time of the import would be later than it.
    if (created === undefined) throw invalid('/created_at', `is required beside ${name}`)
    if (at < created) throw invalid(`/${name}`, 'is before created_at')
    if (at > latest) throw invalid(`/${name}`, 'is in the future')
  }
  if (closed === undefined) return
  if (!isClosedBy(fields, statuses)) throw invalid('/closed_at', `needs a status that closes a ticket: ${statuses.closedStatuses.join(', ')}`)
  if (updated !== undefined && updated < closed) throw invalid('/updated_at', 'is before closed_at')
}

/**
 * The fields of the ticket. A date that is left out is the time of the import, save that what was closed was changed then, and what
 * was closed nobody knows when was closed by its last change.
 */
export function withDates (fields: ImportTicket, statuses: Statuses): ImportTicket {
  const { updated_at: updated = fields.closed_at } = fields
  const closed = isClosedBy(fields, statuses) ? fields.closed_at ?? updated : undefined
  return {
    ...fields,
    status: fields.status ?? statuses.defaultStatus,
    ...(updated !== undefined && { updated_at: updated }),
    ...(closed !== undefined && { closed_at: closed }),
  }
}
