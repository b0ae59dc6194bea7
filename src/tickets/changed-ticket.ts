import { CUSTOM_FIELDS_MAX, type CreateTicket, type ImportTicket, type PatchTicket, type Statuses, type Ticket } from './fields.ts'

const noneIfEmpty = <Values extends object>(values: Values): Values | undefined => Object.keys(values).length > 0 ? values : undefined

const withoutNull = (values: Record<string, unknown>) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined))

/**
 * The ticket that a create or an import makes.
 * @param fields those that the operation gives to it
 * @param at Unix seconds
 */
export function toNewTicket (id: number, fields: CreateTicket | ImportTicket, at: number, version: number, { defaultStatus, closedStatuses }: Statuses): Ticket {
  const { status = defaultStatus } = fields
  const ticket: Ticket = { ticket_id: id, created_at: at, updated_at: at, ...fields, status, version, synced_version: null }
  if (closedStatuses.includes(status)) ticket.closed_at ??= at
  // The hash holds fields, and none of no fields.
  if (ticket.custom_fields && !noneIfEmpty(ticket.custom_fields)) delete ticket.custom_fields
  return ticket
}

/**
 * The ticket that an update makes of one.
 * @param at Unix seconds
 */
export function toChangedTicket (before: Ticket, { custom_fields: custom, ...fields }: PatchTicket, at: number, { closedStatuses }: Statuses): Ticket {
  const { status = before.status } = fields
  // What closed a ticket may not be configured any more: one that has been closed stays closed until its status changes.
  const isClosed = closedStatuses.includes(status) || (status === before.status && before.closed_at !== undefined)
  const customFields = custom === null ? {} : withoutNull({ ...before.custom_fields, ...custom })
  // As the write script does: the change will be refused, and becomes a conflict.
  const adds = Object.keys(customFields).some(name => !Object.hasOwn(before.custom_fields ?? {}, name))
  if (adds && Object.keys(customFields).length > CUSTOM_FIELDS_MAX) return before
  const changed = {
    ...before,
    ...fields,
    updated_at: at,
    closed_at: isClosed ? before.closed_at ?? at : null,
    custom_fields: noneIfEmpty(customFields),
  }
  return { ...withoutNull(changed) as Ticket, synced_version: before.synced_version }
}
