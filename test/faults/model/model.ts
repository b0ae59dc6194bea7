import type { CreateTicket, PatchTicket } from '../../../src/tickets/ticket.ts'

const CLOSED = ['resolved', 'closed']

/** What of a ticket does not depend on the time. */
export interface Content {
  customer_id: number
  status: string
  subject?: string
  assigned_to?: number
  custom_fields?: Record<string, string | number | boolean>
}

/** A ticket, and what Redis and MySQL hold of it, under the strategy hybrid. */
interface ModelTicket {
  content: Content
  version: number
  /** Redis holds the hash. */
  isHeld: boolean
  /** The hash has a time to live. */
  isMortal: boolean
  /** The newest version is not in MySQL. */
  isUnsynced: boolean
  /** It is to be pushed at the next flush. */
  isDue: boolean
  row?: { content: Content, version: number }
}

/** What a caller is told. */
export interface Told { status: number, content?: Content }

/**
 * The service as plain objects: what must be true of tickets, without Redis, MySQL, scripts, claims or races.
 * Versions are told to it, because only the clock knows them.
 */
export function createModel () {
  const tickets = new Map<number, ModelTicket>()

  const isClosed = ({ status }: Content) => CLOSED.includes(status)

  function create (id: number, { created_at: _, ...fields }: CreateTicket): Told {
    const known = tickets.get(id)
    if (known) {
      restore(known)
      return { status: 409 }
    }
    const content = withoutNothing({ status: 'open', ...fields } as Content)
    tickets.set(id, { content, version: 0, isHeld: true, isMortal: false, isUnsynced: true, isDue: isClosed(content) })
    return { status: 201, content }
  }

  function change (id: number, fields: PatchTicket, hasVersion = true): Told {
    const ticket = tickets.get(id)
    if (!ticket) return { status: 404 }
    restore(ticket)
    if (!hasVersion) return { status: 412 }
    const wasClosed = isClosed(ticket.content)
    const custom = fields.custom_fields === null ? {} : { ...ticket.content.custom_fields, ...fields.custom_fields }
    ticket.content = withoutNothing({ ...ticket.content, ...fields, custom_fields: custom } as unknown as Content)
    Object.assign(ticket, { isMortal: false, isUnsynced: true, isDue: ticket.isDue || wasClosed || isClosed(ticket.content) })
    return { status: 200, content: ticket.content }
  }

  /** What only MySQL holds comes back when it is asked for. */
  function restore (ticket: ModelTicket) {
    if (!ticket.isHeld) Object.assign(ticket, { isHeld: true, isMortal: true })
  }

  return {
    tickets,
    create,
    change,

    /** One ticket by its route, which puts back what only MySQL holds. */
    read (id: number): Told & { source?: string } {
      const ticket = tickets.get(id)
      if (!ticket) return { status: 404 }
      const source = ticket.isHeld ? 'redis' : 'mysql'
      restore(ticket)
      return { status: 200, content: ticket.content, source }
    },

    /** A read that puts nothing back. */
    look: (id: number): Told => {
      const ticket = tickets.get(id)
      return ticket ? { status: 200, content: ticket.content } : { status: 404 }
    },

    /** The flush of all tickets that `takes`. */
    flush (takes: (ticket: ModelTicket, id: number) => boolean) {
      for (const [id, ticket] of tickets) {
        if (!ticket.isUnsynced || !takes(ticket, id)) continue
        ticket.row = { content: ticket.content, version: ticket.version }
        Object.assign(ticket, { isUnsynced: false, isDue: false, isMortal: ticket.isMortal || isClosed(ticket.content) })
      }
    },

    /** The time to live of the hash is over, if it has one. */
    expire (id: number): boolean {
      const ticket = tickets.get(id)
      if (!ticket?.isMortal) return false
      Object.assign(ticket, { isHeld: false, isMortal: false })
      return true
    },
  }
}

export type Model = ReturnType<typeof createModel>

/** Without nulls and without an empty custom_fields: neither is stored. */
function withoutNothing (content: Content): Content {
  const custom = Object.entries(content.custom_fields ?? {}).filter(([, value]) => value !== null)
  const { custom_fields: _, ...rest } = content
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)) as unknown as Content,
    ...(custom.length > 0 && { custom_fields: Object.fromEntries(custom) }),
  }
}
