import { UNIX_SECONDS_MAX, type CreateTicket, type PatchTicket, type Ticket } from './ticket.ts'

/**
 * Ticket <-> Redis hash <-> MySQL row, or texts by field: pure functions.
 *
 * The hash is flat, one field per ticket field and `custom_fields.NAME` (JSON text) per custom
 * field, so that any client can read it with HGETALL.
 */

const CUSTOM_PREFIX = 'custom_fields.'

/** What is stored is not a ticket: another program wrote it, or it was damaged. */
export class CorruptTicketError extends Error {
  override readonly name = 'CorruptTicketError'
  readonly ticketId: number

  constructor (ticketId: number, reason: string) {
    super(`ticket ${ticketId}: ${reason}`)
    this.ticketId = ticketId
  }
}

/** What a change does to the hash: `set` is field, value, field, value...; `remove` is field names. */
export interface HashChange { set: string[], remove: string[] }

/** A removed name takes its `NAME.*` with it: removing `custom_fields` removes every custom field. */
export function toHashChange (fields: CreateTicket | PatchTicket | Ticket): HashChange {
  const set: string[] = []
  const remove: string[] = []
  // for...in, without an array of entries: this runs for every write.
  for (const name in fields) {
    const value = fields[name as keyof typeof fields] as string | number | null | undefined | Ticket['custom_fields']
    if (typeof value === 'string') {
      set.push(name, value)
    } else if (typeof value === 'number') {
      set.push(name, String(value))
    } else if (value === null) {
      remove.push(name)
    } else if (value !== undefined) {
      addCustomFields(value, set, remove)
    }
  }
  return { set, remove }
}

function addCustomFields (values: Record<string, string | number | boolean | null>, set: string[], remove: string[]) {
  for (const [name, value] of Object.entries(values)) {
    if (value === null) remove.push(CUSTOM_PREFIX + name)
    else set.push(CUSTOM_PREFIX + name, JSON.stringify(value))
  }
}

type Decoder = (text: string) => unknown

function integer (text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Error('is not an integer')
  return value
}

/** Unix seconds that a DATETIME column can hold. */
function unixSeconds (text: string): number {
  const value = integer(text)
  if (value > UNIX_SECONDS_MAX) throw new Error('is after the year 9999')
  return value
}

const text: Decoder = text => text

/** `YYYY-MM-DD HH:MM:SS` in UTC, as MySQL and MariaDB write a DATETIME, to Unix seconds. */
function seconds (text: string): number {
  const milliseconds = Date.parse(`${text.replace(' ', 'T')}Z`)
  if (Number.isNaN(milliseconds)) throw new Error('is not a date')
  return Math.floor(milliseconds / 1000)
}

/** Unix seconds as a DATETIME in UTC. */
export const dateTime = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')

/** The engine's own error would repeat the text, which is a customer's. */
function json (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('is not JSON')
  }
}

function customValue (text: string): string | number | boolean {
  const value = json(text)
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw new Error('is not text, a number or a boolean')
  return value
}

function customFields (text: string) {
  const values = json(text)
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new Error('is not an object')
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, customValue(JSON.stringify(value))]))
}

const HASH_FIELDS = new Map<string, Decoder>([
  ['customer_id', integer], ['subject', text], ['status', text], ['category', text], ['priority', text],
  ['assigned_to', integer], ['created_at', unixSeconds], ['updated_at', unixSeconds], ['closed_at', unixSeconds],
  ['version', integer], ['synced_version', integer],
])

const COLUMN_DECODERS = new Map<string, Decoder>([
  ['customer_id', integer], ['subject', text], ['status', text], ['category', text], ['priority', text],
  ['assigned_to', integer], ['custom_fields', customFields], ['created_at', seconds], ['updated_at', seconds],
  ['closed_at', seconds], ['version', integer],
])

const TEXT_DECODERS = new Map([...COLUMN_DECODERS, ['created_at', unixSeconds], ['updated_at', unixSeconds], ['closed_at', unixSeconds]])

const REQUIRED = ['customer_id', 'status', 'created_at', 'updated_at', 'version'] as const

/** Decodes one field and says in its error which one it was. */
function decode (id: number, name: string, decoder: Decoder, value: string): unknown {
  try {
    return decoder(value)
  } catch (error) {
    throw new CorruptTicketError(id, `${name} ${(error as Error).message}`)
  }
}

function complete (id: number, fields: Record<string, unknown>): Ticket {
  const missing = REQUIRED.find(name => fields[name] === undefined)
  if (missing) throw new CorruptTicketError(id, `${missing} is missing`)
  return fields as unknown as Ticket
}

/**
 * @param flat field, value, field, value... as HGETALL gives it; what is no field of a ticket is passed over
 * @throws {CorruptTicketError} naming the field
 */
export function fromHash (id: number, flat: readonly string[]): Ticket {
  const fields: Record<string, unknown> = { ticket_id: id, synced_version: null }
  let custom: Record<string, unknown> | undefined
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i]!
    const value = flat[i + 1]!
    const decoder = HASH_FIELDS.get(name)
    if (decoder) {
      fields[name] = decode(id, name, decoder, value)
    } else if (name.startsWith(CUSTOM_PREFIX)) {
      fields.custom_fields = custom ??= {}
      custom[name.slice(CUSTOM_PREFIX.length)] = decode(id, name, customValue, value)
    }
  }
  return complete(id, fields)
}

/** A column's value: MySQL's own types as text, JSON and DATETIME too. */
export type Row = Record<string, string | number | null>

/** The columns of the tickets table, in the order of `toRow`; the version last, because the upsert assigns it last. */
export const COLUMNS = ['ticket_id', ...COLUMN_DECODERS.keys()]

/** The values of `COLUMNS`; times as DATETIME in UTC, custom fields as JSON. */
export function toRow (ticket: Ticket): (string | number | null)[] {
  return [
    ticket.ticket_id,
    ticket.customer_id,
    ticket.subject ?? null,
    ticket.status,
    ticket.category ?? null,
    ticket.priority ?? null,
    ticket.assigned_to ?? null,
    ticket.custom_fields ? JSON.stringify(ticket.custom_fields) : null,
    dateTime(ticket.created_at),
    dateTime(ticket.updated_at),
    ticket.closed_at === undefined ? null : dateTime(ticket.closed_at),
    ticket.version,
  ]
}

/** @throws {CorruptTicketError} naming the column */
export const fromRow = (row: Row): Ticket => fromArchived(Number(row.ticket_id), COLUMN_DECODERS, row)

/** The fields of a ticket where each is a text: times are Unix seconds, custom fields JSON. */
export const TEXT_FIELDS = [...TEXT_DECODERS.keys()]

/** The texts of the fields that the ticket has. */
export function toTexts (ticket: Ticket): Map<string, string> {
  const fields = ticket as unknown as Record<string, string | number | object | undefined>
  const given = TEXT_FIELDS.map(name => [name, fields[name]] as const).filter(([, value]) => value !== undefined)
  return new Map(given.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]))
}

/** @throws {CorruptTicketError} naming the field */
export const fromTexts = (id: number, texts: Row): Ticket => fromArchived(id, TEXT_DECODERS, texts)

/** What MySQL holds is in step with itself: `synced_version` is its version. */
function fromArchived (id: number, decoders: Map<string, Decoder>, values: Row): Ticket {
  const fields: Record<string, unknown> = { ticket_id: id }
  for (const [name, decoder] of decoders) {
    const value = values[name] ?? null
    if (value !== null) fields[name] = decode(id, name, decoder, String(value))
  }
  return complete(id, { ...fields, synced_version: fields.version })
}

/** What cannot be read as a value, so that one ticket does not hide the others. */
export function orCorrupt (read: () => Ticket): Ticket | CorruptTicketError {
  try {
    return read()
  } catch (error) {
    if (error instanceof CorruptTicketError) return error
    throw error
  }
}
