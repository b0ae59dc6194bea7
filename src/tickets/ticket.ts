import { Type, type TSchema } from '../util/schema.ts'
import { CUSTOM_FIELDS_MAX, FIELD_LIST, SHOWN_FIELDS, TicketId, customFieldsSchema, type CreateTicket, type FieldName, type PatchTicket, type Ticket } from './fields.ts'
import { createOperationSchemas } from './batch-operation.ts'

export { CUSTOM_FIELDS_MAX, TicketId, type CreateTicket, type PatchTicket, type Ticket }

/** `schema`, or null, as one schema with two types: serialised and checked without trying alternatives. */
const nullable = (schema: TSchema): TSchema => Type.Unsafe({ ...schema, type: [(schema as { type?: string }).type, 'null'] })

/**
 * PHP's json_encode makes [] of every array that is empty. As custom_fields it stands for {}, the one exception to exact types.
 * @param fields of a create or an update as they came, which it changes; not checked yet
 */
export function takeEmptyArray (fields: unknown): void {
  const custom = (fields as { custom_fields?: unknown } | null | undefined)?.custom_fields
  if (Array.isArray(custom) && custom.length === 0) (fields as { custom_fields: object }).custom_fields = {}
}

/** The members of an object, by the fields that have a place in it. */
function members (schemaOf: (field: typeof FIELD_LIST[number]) => TSchema | undefined): Record<string, TSchema> {
  return Object.fromEntries(SHOWN_FIELDS.flatMap(field => {
    const schema = schemaOf(field)
    return schema ? [[field.name, schema]] : []
  }))
}

const example = {
  ticket_id: 1234,
  customer_id: 123,
  subject: 'Order issue',
  status: 'open',
  category: 'billing',
  priority: 'high',
  channel: 'email',
  assigned_to: 7,
  custom_fields: { order_id: 'A-1001', vip: true },
  created_at: 1_764_000_000,
  updated_at: 1_764_000_000,
  version: 1_764_000_000_123,
  synced_version: null,
}

/**
 * The shapes of a ticket: as it is answered, as it is created, as it is changed; and the last two in a batch.
 * `statuses` is TICKET_STATUSES; the first is the one that a ticket without a status gets.
 */
export function createTicketSchemas (statuses: readonly string[]) {
  /** A ticket keeps a status that was taken off the list later, and custom fields that another program has written: only what callers send is judged. */
  const sent: Partial<Record<FieldName, (schema: TSchema) => TSchema>> = { status: schema => Type.Unsafe({ ...schema, enum: statuses }) }
  const answered: Partial<Record<FieldName, (schema: TSchema) => TSchema>> = {
    custom_fields: () => Type.Unsafe({ type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] }, description: 'Text, numbers or booleans by name' }),
  }
  const changed: Partial<Record<FieldName, TSchema>> = {
    custom_fields: nullable(Type.Unsafe(customFieldsSchema(['string', 'number', 'boolean', 'null'], 'Merged key by key; null removes the key, or all of them; [], which PHP makes of an empty array, means {}'))),
  }
  const toSent = ({ name, schema }: typeof FIELD_LIST[number]) => sent[name]?.(schema) ?? schema

  const createMembers = members(field => field.create === 'never' ? undefined : field.create === 'required' ? toSent(field) : Type.Optional(toSent(field)))
  const importMembers = { ...createMembers, ...members(field => field.import ? Type.Optional(toSent(field)) : undefined) }
  const patchMembers = members(field => field.change === 'never'
    ? undefined
    : Type.Optional(changed[field.name] ?? (field.change === 'set' ? toSent(field) : nullable(toSent(field)))))

  const CreateTicket = Type.Unsafe<CreateTicket>(Type.Object(createMembers, {
    additionalProperties: false,
    examples: [{ customer_id: 123, subject: 'Order issue', status: statuses[0], category: 'billing', custom_fields: { order_id: 'A-1001' } }],
  }))

  const PatchTicket = Type.Unsafe<PatchTicket>(Type.Object(patchMembers, {
    additionalProperties: false,
    minProperties: 1,
    description: 'A field that is absent stays; null removes an optional field',
    examples: [{ status: statuses[1] ?? statuses[0], assigned_to: 7, subject: null }],
  }))

  const Ticket = Type.Unsafe<Ticket>(Type.Object({
    ticket_id: TicketId,
    ...members(({ name, schema, always }) => {
      const shown = answered[name]?.(schema) ?? schema
      return always ? shown : Type.Optional(shown)
    }),
  }, { $id: 'Ticket', additionalProperties: false, examples: [example] }))

  return { Ticket, CreateTicket, PatchTicket, operations: createOperationSchemas(createMembers, importMembers, patchMembers) }
}

export type TicketSchemas = ReturnType<typeof createTicketSchemas>
