import { Type, type Static, type TSchema } from '../util/schema.ts'

/** Ids and versions are integers that JSON, Lua and JavaScript all hold exactly. */
export const INTEGER_MAX = Number.MAX_SAFE_INTEGER

/** The last second that a DATETIME column can hold, 9999-12-31 23:59:59 UTC. */
export const UNIX_SECONDS_MAX = 253_402_300_799

export const CUSTOM_FIELDS_MAX = 50

export type CustomValue = string | number | boolean

/** How the values of a field are stored. `read` functions throw an Error that says what is wrong with the text, without repeating it. */
interface Storage {
  /** From a Redis hash, or a text such as a WordPress meta value. */
  fromText: (text: string) => unknown
  /** From a column of MySQL, as text. */
  fromColumn: (text: string) => unknown
  toColumn: (value: never) => string | number
  /** What the write script accepts in a hash: an integer up to this; undefined: any text. */
  integerMax?: number
}

const [ZERO, NINE] = [0x30, 0x39]

/** Digit by digit, which is cheaper than a pattern and Number(): it reads half the fields of every ticket. */
function readInteger (text: string): number {
  let value = text === '' ? NaN : 0
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code < ZERO || code > NINE) value = NaN
    value = value * 10 + (code - ZERO)
  }
  if (!Number.isSafeInteger(value)) throw new Error('is not an integer')
  return value
}

function readUnixSeconds (text: string): number {
  const value = readInteger(text)
  if (value > UNIX_SECONDS_MAX) throw new Error('is after the year 9999')
  return value
}

/** `YYYY-MM-DD HH:MM:SS` in UTC, as MySQL and MariaDB write a DATETIME, to Unix seconds. */
function readDateTime (text: string): number {
  const milliseconds = Date.parse(`${text.replace(' ', 'T')}Z`)
  if (Number.isNaN(milliseconds)) throw new Error('is not a date')
  return Math.floor(milliseconds / 1000)
}

/** Unix seconds as a DATETIME in UTC. */
export const toDateTime = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')

function readJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('is not JSON')
  }
}

/** One custom field: text, a number or a boolean, as JSON. */
export function readCustomValue (text: string): CustomValue {
  const value = readJson(text)
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw new Error('is not text, a number or a boolean')
  return value
}

function readCustomFields (text: string) {
  const values = readJson(text)
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new Error('is not an object')
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, readCustomValue(JSON.stringify(value))]))
}

const INTEGER: Storage = { fromText: readInteger, fromColumn: readInteger, toColumn: (value: number) => value, integerMax: INTEGER_MAX }
/** The next version must be an integer, too. */
const VERSION: Storage = { ...INTEGER, integerMax: INTEGER_MAX - 1 }
const TEXT: Storage = { fromText: text => text, fromColumn: text => text, toColumn: (value: string) => value }
const TIME: Storage = { fromText: readUnixSeconds, fromColumn: readDateTime, toColumn: toDateTime, integerMax: UNIX_SECONDS_MAX }
/** In a hash each custom field has a field of its own, `custom_fields.NAME`. */
const CUSTOM: Storage = { fromText: readCustomFields, fromColumn: readCustomFields, toColumn: (value: object) => JSON.stringify(value) }

const Id = (description: string) => Type.Integer({ minimum: 1, maximum: INTEGER_MAX, description })
const Label = (description: string) => Type.String({ minLength: 1, maxLength: 64, description: `${description}; at most 64 characters` })
const UnixSeconds = (description: string) => Type.Integer({ minimum: 0, maximum: UNIX_SECONDS_MAX, description: `Unix seconds${description}` })
const Version = (description: string) => Type.Integer({ minimum: 0, maximum: INTEGER_MAX, description })

export const customFieldsSchema = (types: string[], description: string) => ({
  type: 'object',
  maxProperties: CUSTOM_FIELDS_MAX,
  propertyNames: { pattern: '^[a-z][a-z0-9_]{0,63}$' },
  // A longer number would lose digits on its way through JSON.parse.
  additionalProperties: { type: types, maxLength: 1024, minimum: -INTEGER_MAX, maximum: INTEGER_MAX },
  description,
})

/** A ticket's id: the key, and no field. */
export const TicketId = Id('The ticket\'s id, chosen by the caller: a WordPress post or row id')

/** The caller must send it, and every ticket has it. */
const REQUIRED = { create: 'required', change: 'set', always: true } as const
/** The service sets it where the caller does not. */
const DEFAULTED = { create: 'optional', change: 'set', always: true } as const
/** A ticket may be without it; null removes it. */
const OPTIONAL = { create: 'optional', change: 'set or remove', always: false } as const
/** Once set, it stays. */
const AT_CREATION = { create: 'optional', change: 'never', always: true } as const
/** The service's alone. */
const BY_SERVICE = { create: 'never', change: 'never', always: true } as const
const BY_SERVICE_AT_TIMES = { ...BY_SERVICE, always: false } as const
/** A ticket that is imported brings it along. */
const IMPORTED = { import: 'optional' } as const

interface Field {
  storage: Storage
  schema: TSchema
  /** What a caller may send when a ticket is created. */
  create: 'required' | 'optional' | 'never'
  /** What a caller may send when a ticket is changed. */
  change: 'set' | 'set or remove' | 'never'
  /** A caller may send it when a ticket is imported, beside what may be sent when one is created. */
  import?: 'optional'
  /** Whether every ticket has it. */
  always: boolean
  /** It is in Redis alone: no column, no WordPress meta. */
  redisOnly?: true
  /** It is between the service and its databases: no caller sees it, and no post has it. */
  hidden?: true
}

/**
 * The fields of a ticket, a row for each. Schemas, codec, columns, upsert, WordPress meta, the write script's check of a hash
 * and the documentation follow from it. The names are those of the JSON, the hash and the columns. A new field is
 * a row here and a migration that adds its column.
 */
export const FIELDS = {
  customer_id: { storage: INTEGER, schema: Id('The customer\'s id'), ...REQUIRED },
  subject: { storage: TEXT, schema: Type.String({ minLength: 1, maxLength: 255, description: 'At most 255 characters' }), ...OPTIONAL },
  status: {
    storage: TEXT,
    schema: Type.String({ description: 'One of TICKET_STATUSES. A status of TICKET_CLOSED_STATUSES closes the ticket, which makes it due in MySQL' }),
    ...DEFAULTED,
  },
  category: { storage: TEXT, schema: Label('What the ticket is about'), ...OPTIONAL },
  priority: { storage: TEXT, schema: Label('How urgent it is'), ...OPTIONAL },
  channel: { storage: TEXT, schema: Label('How it came in: email, web, chat, phone'), ...OPTIONAL },
  assigned_to: { storage: INTEGER, schema: Id('The agent\'s id'), ...OPTIONAL },
  custom_fields: {
    storage: CUSTOM,
    schema: Type.Unsafe<Record<string, CustomValue>>(customFieldsSchema(['string', 'number', 'boolean'],
      `Up to ${CUSTOM_FIELDS_MAX} values: text of at most 1024 characters, numbers up to 2^53-1 (send longer ones as text) or booleans. [], which PHP makes of an empty array, means {}`)),
    ...OPTIONAL,
  },
  created_at: { storage: TIME, schema: UnixSeconds('; the time of the request when it is left out'), ...AT_CREATION },
  updated_at: { storage: TIME, schema: UnixSeconds(' of the last change'), ...BY_SERVICE, ...IMPORTED },
  closed_at: { storage: TIME, schema: UnixSeconds('; there exactly while the ticket is closed'), ...BY_SERVICE_AT_TIMES, ...IMPORTED },
  deleted_at: { storage: TIME, schema: UnixSeconds(' of the deletion: what has it is a tombstone, which keeps the id and the version of a ticket that was deleted'), ...BY_SERVICE_AT_TIMES, hidden: true },
  // The last column, because the upsert assigns it last.
  version: { storage: VERSION, schema: Version('Grows with every change: max(previous + 1, Redis clock in ms)'), ...BY_SERVICE },
  synced_version: {
    storage: INTEGER,
    schema: Type.Unsafe<number | null>({
      ...Version('The version that MySQL holds; equal to version: MySQL is up to date; null: MySQL does not hold the ticket yet, or Redis cannot be asked'),
      type: ['integer', 'null'],
    }),
    ...BY_SERVICE,
    redisOnly: true,
  },
} as const satisfies Record<string, Field>

type Fields = typeof FIELDS
export type FieldName = keyof Fields

/** The names of the fields whose `Key` is one of `Values`. */
type Named<Key extends 'create' | 'change' | 'always', Values> = { [Name in FieldName]: Fields[Name][Key] extends Values ? Name : never }[FieldName]
type Value<Name extends FieldName> = Static<Fields[Name]['schema']>
type Flat<T> = { [Key in keyof T]: T[Key] }

export type CreateTicket = Flat<
  { [Name in Named<'create', 'required'>]: Value<Name> } &
  { [Name in Named<'create', 'optional'>]?: Value<Name> }
>

export type ImportTicket = Flat<
  CreateTicket &
  { [Name in FieldName as Fields[Name] extends { import: 'optional' } ? Name : never]?: Value<Name> }
>

export type PatchTicket = Flat<
  { [Name in Named<'change', 'set'>]?: Value<Name> } &
  { [Name in Exclude<Named<'change', 'set or remove'>, 'custom_fields'>]?: Value<Name> | null } &
  { custom_fields?: Record<string, CustomValue | null> | null }
>

export type Ticket = Flat<
  { ticket_id: number } &
  { [Name in Named<'always', true>]: Value<Name> } &
  { [Name in Named<'always', false>]?: Value<Name> }
>

/** How a ticket's status says whether it is closed. */
export interface Statuses {
  closedStatuses: readonly string[]
  /** Status of a ticket that is created without one. */
  defaultStatus: string
}

/** The fields with their names, in the order of the table. */
export const FIELD_LIST: readonly (Field & { name: FieldName })[] =
  Object.entries(FIELDS).map(([name, field]) => ({ name: name as FieldName, ...field }))

/** Those that MySQL holds, too. */
export const STORED_FIELDS = FIELD_LIST.filter(({ redisOnly }) => !redisOnly)

/** Those that callers see. */
export const SHOWN_FIELDS = FIELD_LIST.filter(({ hidden }) => !hidden)

/** Whether it is what is left of a ticket that was deleted. */
export const isTombstone = ({ deleted_at: at }: Pick<Ticket, 'deleted_at'>): boolean => at !== undefined

/** Whether it is a tombstone of a deletion that is so long ago that its id is free again. `retentionSeconds`: TICKET_RETENTION_SECONDS. */
export const isExpired = ({ deleted_at: at }: Pick<Ticket, 'deleted_at'>, retentionSeconds: number): boolean =>
  at !== undefined && at + retentionSeconds < Date.now() / 1000

/**
 * What is left of a deleted ticket: id, version and time. The columns that must not be empty say nothing of a customer.
 * @param deletedAt Unix seconds
 */
export const toTombstone = (ticketId: number, version: number, deletedAt: number, syncedVersion: number | null): Ticket =>
  ({ ticket_id: ticketId, customer_id: 0, status: '', created_at: deletedAt, updated_at: deletedAt, deleted_at: deletedAt, version, synced_version: syncedVersion })
