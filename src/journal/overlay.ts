import type { PatchTicket, Ticket } from '../tickets/ticket.ts'
import type { Entry } from './journal.ts'

/** How a ticket's status says whether it is closed. */
export interface Statuses {
  closedStatuses: readonly string[]
  /** Status of a ticket that is created without one. */
  defaultStatus: string
}

/**
 * The ticket as it will be when these entries have been made, as far as that can be told.
 * @param ticket what is known without them
 * @returns undefined: nothing is known of the ticket that the entries change
 */
export function overlay (ticket: Ticket | undefined, entries: readonly Entry[], statuses: Statuses): Ticket | undefined {
  return entries.reduce<Ticket | undefined>((before, { operation, acceptedAtMs }) => {
    const at = Math.floor(acceptedAtMs / 1000)
    if (operation.op === 'update') return before && change(before, operation.fields, at, statuses)
    // Of an id that exists already the entry will be a conflict.
    return before ?? create(operation, at, statuses)
  }, ticket)
}

function create ({ ticket_id, fields }: Extract<Entry['operation'], { op: 'create' }>, at: number, { defaultStatus, closedStatuses }: Statuses): Ticket {
  const status = fields.status ?? defaultStatus
  return {
    ticket_id,
    created_at: at,
    ...fields,
    custom_fields: orNone(fields.custom_fields ?? {}) ? fields.custom_fields : undefined,
    status,
    updated_at: at,
    ...(closedStatuses.includes(status) && { closed_at: at }),
    // It gets one when it is made.
    version: 0,
    synced_version: null,
  }
}

function change (before: Ticket, { custom_fields: custom, ...fields }: PatchTicket, at: number, { closedStatuses }: Statuses): Ticket {
  const status = fields.status ?? before.status
  const closedAt = closedStatuses.includes(status) ? before.closed_at ?? at : null
  return {
    ...withoutNull({
      ...before,
      ...fields,
      updated_at: at,
      closed_at: closedAt,
      custom_fields: custom === null ? null : orNone(withoutNull({ ...before.custom_fields, ...custom })),
    }) as Ticket,
    synced_version: before.synced_version,
  }
}

const orNone = (values: object) => Object.keys(values).length > 0 ? values : null

const withoutNull = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined))
