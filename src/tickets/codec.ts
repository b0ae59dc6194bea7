import { FIELD_LIST, STORED_FIELDS, isTombstone, readCustomValue, toTombstone, type CreateTicket, type FieldName, type PatchTicket, type Ticket } from './fields.ts'

/**
 * Ticket <-> Redis hash <-> MySQL row, or texts by field: pure functions, by the table of fields.
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

/** All fields of the hash that the ticket is. A tombstone's holds nothing else, so that no program takes it for a ticket. */
export const toHash = (ticket: Ticket): string[] => toHashChange(isTombstone(ticket) ? tombstoneFields(ticket) : ticket).set

const tombstoneFields = ({ ticket_id, version, deleted_at, synced_version }: Ticket) => ({ ticket_id, version, deleted_at, synced_version }) as Ticket

type Decoder = (text: string) => unknown

/** Custom fields have a field of the hash each. */
const HASH_DECODERS = new Map<string, Decoder>(FIELD_LIST.filter(({ name }) => name !== 'custom_fields').map(({ name, storage }) => [name, storage.fromText]))

/** A hash may have any number of fields of other programs. */
const PLACES_MAX = 2 * FIELD_LIST.length

/** The names at the same places of the hashes that were read last, and their decoders: most hashes are alike, and to compare is cheaper than to look up. */
const lastNames: string[] = []
const lastDecoders: (Decoder | undefined)[] = []

function decoderAt (place: number, name: string): Decoder | undefined {
  if (lastNames[place] !== name) {
    if (place >= PLACES_MAX) return HASH_DECODERS.get(name)
    lastNames[place] = name
    lastDecoders[place] = HASH_DECODERS.get(name)
  }
  return lastDecoders[place]
}

const REQUIRED = FIELD_LIST.filter(({ always }) => always).map(({ name }) => name)

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
 * A ticket, or its tombstone.
 * @param flat field, value, field, value... as HGETALL gives it; what is no field of a ticket is passed over
 * @throws {CorruptTicketError} naming the field
 */
export function fromHash (id: number, flat: readonly string[]): Ticket {
  const fields: Record<string, unknown> = { ticket_id: id, synced_version: null }
  let custom: Record<string, unknown> | undefined
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i]!
    const value = flat[i + 1]!
    const decoder = decoderAt(i / 2, name)
    if (decoder) {
      fields[name] = decode(id, name, decoder, value)
    } else if (name.startsWith(CUSTOM_PREFIX)) {
      fields.custom_fields = custom ??= {}
      custom[name.slice(CUSTOM_PREFIX.length)] = decode(id, name, readCustomValue, value)
    }
  }
  if (fields.deleted_at === undefined) return complete(id, fields)
  const { deleted_at: deletedAt, version, synced_version: syncedVersion } = fields as unknown as Ticket
  if (version === undefined) throw new CorruptTicketError(id, 'version is missing')
  return toTombstone(id, version, deletedAt!, syncedVersion)
}

/** A column's value: MySQL's own types as text, JSON and DATETIME too. */
export type Row = Record<string, string | number | null>

/** The columns of the tickets table, in the order of `toRow`; the version last, because the upsert assigns it last. */
export const COLUMNS = ['ticket_id', ...STORED_FIELDS.map(({ name }) => name)]

/** The values of `COLUMNS`; times as DATETIME in UTC, custom fields as JSON. */
export function toRow (ticket: Ticket): (string | number | null)[] {
  const row: (string | number | null)[] = [ticket.ticket_id]
  for (const { name, storage } of STORED_FIELDS) {
    const value = ticket[name]
    row.push(value === undefined ? null : storage.toColumn(value as never))
  }
  return row
}

/** @throws {CorruptTicketError} naming the column */
export const fromRow = (row: Row): Ticket => fromDatabase(Number(row.ticket_id), row, 'fromColumn')

/** The fields of a ticket where each is a text: times are Unix seconds, custom fields JSON. */
export const TEXT_FIELDS: readonly FieldName[] = STORED_FIELDS.filter(({ hidden }) => !hidden).map(({ name }) => name)

/** The texts of the fields that the ticket has. */
export function toTexts (ticket: Ticket): Map<string, string> {
  const given = TEXT_FIELDS.map(name => [name, ticket[name]] as const).filter(([, value]) => value !== undefined)
  return new Map(given.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]))
}

/** @throws {CorruptTicketError} naming the field */
export const fromTexts = (id: number, texts: Row): Ticket => fromDatabase(id, texts, 'fromText')

/** What MySQL holds is in step with itself: `synced_version` is its version. */
function fromDatabase (id: number, values: Row, decoder: 'fromColumn' | 'fromText'): Ticket {
  const fields: Record<string, unknown> = { ticket_id: id }
  for (const { name, storage } of STORED_FIELDS) {
    const value = values[name] ?? null
    if (value !== null) fields[name] = decode(id, name, storage[decoder], String(value))
  }
  fields.synced_version = fields.version
  return complete(id, fields)
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
