import type { Ticket } from './fields.ts'

export const SORT_FIELDS = ['ticket_id', 'created_at', 'updated_at'] as const

export type SortField = typeof SORT_FIELDS[number]

export interface Sort { field: SortField, isDescending: boolean }

/** What a ticket must be: fields are ANDed, the values of one ORed. Absent: any. Times are Unix seconds, inclusive. */
export interface Filters {
  status?: readonly string[]
  /** 0: unassigned. */
  assigned_to?: readonly number[]
  customer_id?: number
  category?: readonly string[]
  priority?: readonly string[]
  created_since?: number
  created_until?: number
  updated_since?: number
  updated_until?: number
}

/** What tickets are counted by. */
export const GROUP_FIELDS = ['status', 'assigned_to', 'priority', 'category'] as const

export type GroupField = typeof GROUP_FIELDS[number]

/** Where a ticket stands in a list: its value of the sort's field, and its id, which breaks ties. */
export interface Position { value: number, id: number }

export interface Query {
  filters: Filters
  sort: Sort
  /** Tickets at most. */
  limit: number
  /** Those beyond it; undefined: from the beginning. */
  after?: Position
}

export const positionOf = (ticket: Ticket, { field }: Sort): Position => ({ value: ticket[field], id: ticket.ticket_id })

/** Negative: `a` comes before `b`. */
export const byPosition = ({ isDescending }: Sort) => (a: Position, b: Position): number => (a.value - b.value || a.id - b.id) * (isDescending ? -1 : 1)

const isOneOf = <T>(values: readonly T[] | undefined, value: T | undefined) => values === undefined || (value !== undefined && values.includes(value))

const isBetween = (value: number, since = -Infinity, until = Infinity) => value >= since && value <= until

export const fits = (ticket: Ticket, filters: Filters): boolean =>
  isOneOf(filters.status, ticket.status) && isOneOf(filters.assigned_to, ticket.assigned_to ?? 0) &&
  (filters.customer_id === undefined || filters.customer_id === ticket.customer_id) &&
  isOneOf(filters.category, ticket.category) && isOneOf(filters.priority, ticket.priority) &&
  isBetween(ticket.created_at, filters.created_since, filters.created_until) && isBetween(ticket.updated_at, filters.updated_since, filters.updated_until)

/** What a part of the tickets has: positions that fit, in order, and how far it has looked; undefined: there are no more. */
export interface Listed { positions: Position[], end?: Position }
