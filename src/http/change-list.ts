import type { ChangePage } from '../read-through/changes.ts'
import { toChangeCursor } from './change-cursor.ts'
import { toErrors, type TicketList } from './ticket-list.ts'

/** The parts of a change as JSON; the ticket is long. */
function toParts ({ ticketId, version, ticket }: ChangePage['changes'][number], answer: TicketList): Buffer[] {
  const head = `{"ticket_id":${ticketId},"version":${version},"deleted":${ticket === undefined},"ticket":`
  return ticket === undefined ? [Buffer.from(`${head}null}`)] : [Buffer.from(head), answer.textOf(ticket), Buffer.from('}')]
}

/** A page as the body of an answer. */
export function toChangesJson (page: ChangePage, answer: TicketList, requestId: string): Buffer {
  const errors = toErrors(page.failures, requestId)
  const others = { next_cursor: toChangeCursor(page.next), has_more: page.hasMore, ...(errors.length > 0 && { errors }) }
  const changes = page.changes.flatMap((change, i) => [...i === 0 ? [] : [Buffer.from(',')], ...toParts(change, answer)])
  return Buffer.concat([Buffer.from('{"changes":['), ...changes, Buffer.from(`],${JSON.stringify(others).slice(1)}`)])
}

/**
 * A page as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): a `change` each, an `unreadable` for each
 * ticket that cannot be read, and in the end the cursor as the id of all that came before. A client that is cut off
 * in the middle begins again after the page before.
 */
export function toChangeEvents (page: ChangePage, answer: TicketList, requestId: string): Buffer {
  const changes = page.changes.flatMap(change => [Buffer.from('event: change\ndata: '), ...toParts(change, answer), Buffer.from('\n\n')])
  const errors = toErrors(page.failures, requestId).map(error => Buffer.from(`event: unreadable\ndata: ${JSON.stringify(error)}\n\n`))
  return Buffer.concat([...changes, ...errors, Buffer.from(`id: ${toChangeCursor(page.next)}\n\n`)])
}
