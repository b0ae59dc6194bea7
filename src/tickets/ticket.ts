import { Type, type Static } from 'typebox'

/** Ids and versions are integers that JSON, Lua and JavaScript all hold exactly. */
export const INTEGER_MAX = Number.MAX_SAFE_INTEGER

/** The last second that a DATETIME column can hold, 9999-12-31 23:59:59 UTC. */
export const UNIX_SECONDS_MAX = 253_402_300_799

export const CUSTOM_FIELDS_MAX = 50

const example = {
  ticket_id: 1234,
  customer_id: 123,
  subject: 'Order issue',
  status: 'open',
  category: 'billing',
  priority: 'high',
  assigned_to: 7,
  custom_fields: { order_id: 'A-1001', vip: true },
  created_at: 1_764_000_000,
}

const PositiveInteger = (description: string) => Type.Integer({ minimum: 1, maximum: INTEGER_MAX, description })
const UnixSeconds = (description: string) => Type.Integer({ minimum: 0, maximum: UNIX_SECONDS_MAX, description })
const Label = (description: string) => Type.String({ minLength: 1, maxLength: 64, description })

/** `schema`, or null, as one schema with two types: serialised and checked without trying alternatives. */
const Nullable = <T>(schema: { type: string } & object) => Type.Unsafe<T | null>({ ...schema, type: [schema.type, 'null'] })

type CustomValue = string | number | boolean

const customValue = {
  maxLength: 1024,
  // A longer number would lose digits on its way through JSON.parse.
  minimum: -INTEGER_MAX,
  maximum: INTEGER_MAX,
}

const customFields = <T>(types: string[], description: string) => Type.Unsafe<Record<string, T>>({
  type: 'object',
  maxProperties: CUSTOM_FIELDS_MAX,
  propertyNames: { pattern: '^[a-z][a-z0-9_]{0,63}$' },
  additionalProperties: { type: types, ...customValue },
  description,
})

/** A ticket's id as path parameter and as list in the query. */
export const TicketId = PositiveInteger('The ticket\'s id, chosen by the caller: a WordPress post or row id')

/** Some dozen versions: who has seen more of them than that does not know which one the change is for. */
const IF_MATCH_MAX = 1024

/**
 * The shapes of a ticket: as it is answered, as it is created, as it is changed; and the last two in a batch.
 * `statuses` is TICKET_STATUSES; the first is the one that a ticket without a status gets.
 */
export function createTicketSchemas (statuses: readonly string[]) {
  const status = {
    type: 'string',
    description: 'One of TICKET_STATUSES. A status of TICKET_CLOSED_STATUSES closes the ticket, which makes it due in MySQL',
  }
  const fields = {
    customer_id: PositiveInteger('The customer\'s id'),
    subject: Type.String({ minLength: 1, maxLength: 255, description: 'At most 255 characters' }),
    status: Type.Unsafe<string>({ ...status, enum: statuses }),
    category: Label('At most 64 characters'),
    priority: Label('At most 64 characters'),
    assigned_to: PositiveInteger('The agent\'s id'),
    custom_fields: customFields<CustomValue>(['string', 'number', 'boolean'],
      `Up to ${CUSTOM_FIELDS_MAX} values: text of at most 1024 characters, numbers up to 2^53-1 (send longer ones as text) or booleans`),
  }

  const CreateTicket = Type.Object({
    customer_id: fields.customer_id,
    subject: Type.Optional(fields.subject),
    status: Type.Optional(fields.status),
    category: Type.Optional(fields.category),
    priority: Type.Optional(fields.priority),
    assigned_to: Type.Optional(fields.assigned_to),
    custom_fields: Type.Optional(fields.custom_fields),
    created_at: Type.Optional(UnixSeconds('Unix seconds; the time of the request when it is left out')),
  }, {
    additionalProperties: false,
    examples: [{ customer_id: 123, subject: 'Order issue', status: statuses[0], category: 'billing', custom_fields: { order_id: 'A-1001' } }],
  })

  const PatchTicket = Type.Partial(Type.Object({
    customer_id: fields.customer_id,
    subject: Nullable<string>(fields.subject),
    status: fields.status,
    category: Nullable<string>(fields.category),
    priority: Nullable<string>(fields.priority),
    assigned_to: Nullable<number>(fields.assigned_to),
    custom_fields: Nullable<Record<string, CustomValue | null>>(
      customFields<CustomValue | null>(['string', 'number', 'boolean', 'null'], 'Merged key by key; null removes the key, or all of them') as unknown as { type: string }),
  }), {
    additionalProperties: false,
    minProperties: 1,
    description: 'A field that is absent stays; null removes an optional field',
    examples: [{ status: statuses[1] ?? statuses[0], assigned_to: 7, subject: null }],
  })

  const Ticket = Type.Object({
    ticket_id: TicketId,
    customer_id: fields.customer_id,
    subject: Type.Optional(fields.subject),
    // Without the enumeration: a ticket keeps a status that was taken off the list later.
    status: Type.Unsafe<string>(status),
    category: Type.Optional(fields.category),
    priority: Type.Optional(fields.priority),
    assigned_to: Type.Optional(fields.assigned_to),
    custom_fields: Type.Optional(Type.Unsafe<Record<string, CustomValue>>({
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      description: 'Text, numbers or booleans by name',
    })),
    created_at: UnixSeconds('Unix seconds'),
    updated_at: UnixSeconds('Unix seconds of the last change'),
    closed_at: Type.Optional(UnixSeconds('Unix seconds; stands exactly while the ticket is closed')),
    version: Type.Integer({ minimum: 0, maximum: INTEGER_MAX, description: 'Grows with every change: max(previous + 1, Redis clock in ms)' }),
    synced_version: Nullable<number>(Type.Integer({
      minimum: 0,
      maximum: INTEGER_MAX,
      description: 'The version that MySQL holds; equal to version: MySQL is up to date; null: MySQL does not hold the ticket yet',
    })),
  }, {
    $id: 'Ticket',
    additionalProperties: false,
    examples: [{ ...example, updated_at: 1_764_000_000, version: 1_764_000_000_123, synced_version: null }],
  })

  const CreateOperation = Type.Object({ op: Type.Literal('create'), ticket_id: TicketId, ...CreateTicket.properties }, {
    $id: 'CreateOperation',
    additionalProperties: false,
  })

  const UpdateOperation = Type.Object({
    op: Type.Literal('update'),
    ticket_id: TicketId,
    if_match: Type.Optional(Type.String({ maxLength: IF_MATCH_MAX, description: 'The ETag of the version that the change is for, with its quotes, or *' })),
    ...PatchTicket.properties,
  }, {
    $id: 'UpdateOperation',
    additionalProperties: false,
    // Beside what names the ticket and its version at least one field, as in the single route.
    minProperties: 3,
    dependentSchemas: { if_match: { minProperties: 4 } },
  })

  return { Ticket, CreateTicket, PatchTicket, CreateOperation, UpdateOperation }
}

type Schemas = ReturnType<typeof createTicketSchemas>
export type Ticket = Static<Schemas['Ticket']>
export type CreateTicket = Static<Schemas['CreateTicket']>
export type PatchTicket = Static<Schemas['PatchTicket']>
/** An operation as a batch spells it. */
export type BatchOperation = Static<Schemas['CreateOperation']> | Static<Schemas['UpdateOperation']>
