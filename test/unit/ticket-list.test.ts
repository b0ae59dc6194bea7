import type { ServerResponse } from 'node:http'
import t from 'tap'
import { TicketList } from '../../src/http/ticket-list.ts'
import type { Ticket } from '../../src/tickets/fields.ts'

t.test('of a ticket that a list holds, what is large is in memory as text alone', async t => {
  const ticket: Ticket = { ticket_id: 1, version: 5, customer_id: 3, status: 'open', created_at: 1, updated_at: 2, synced_version: null, custom_fields: { order: 'é🎫"', paid: true } }
  const plain: Ticket = { ...ticket, ticket_id: 2 }
  delete plain.custom_fields
  const list = new TicketList(null, { destroyed: false } as ServerResponse)
  const [kept, keptPlain] = [list.add(ticket), list.add(plain)]
  t.not(kept.custom_fields, ticket.custom_fields)
  t.strictSame({ ...kept }, ticket)
  t.strictSame({ ...kept, synced_version: 5 }, { ...ticket, synced_version: 5 }, 'and a copy is whole')
  t.strictSame(keptPlain, plain)
  const answers = [{ ticket: kept, source: 'redis' as const }, { ticket: { ...kept, ticket_id: 3 }, source: 'mysql' as const, isStale: true as const }, { ticket: keptPlain, source: 'redis' as const }]
  t.strictSame(JSON.parse(list.toJson([1, 3, 2], answers, 'a').toString()), { tickets: [ticket, { ...ticket, ticket_id: 3 }, plain], missing: [], from_mysql: [3], stale: [3] })
})
