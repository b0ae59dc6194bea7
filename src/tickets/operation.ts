import { toChangedTicket, toNewTicket } from './changed-ticket.ts'
import { isTombstone, toTombstone, type CreateTicket, type ImportTicket, type PatchTicket, type Statuses, type Ticket } from './fields.ts'
import { checkDates, withDates } from './import-dates.ts'

export type { Statuses }

/** Makes an operation one that is applied once, however often it is sent. */
export interface Idempotency {
  /** Whose it is, and the request's Idempotency-Key: CALLER:KEY. The journal may hold a KEY alone, of an older version of the service. */
  key: string
  /** The same for the same request; a key stands for one request. */
  fingerprint: string
  /** Which of the request's operations this is, from 0. */
  index: number
}

interface OnTicket {
  ticket_id: number
  /**
   * MySQL was asked after the store had given this stamp: it does not hold the id, or, for a restore, holds this row. The store
   * goes by it while the stamp is the same; then MySQL has received nothing new of the ticket since.
   */
  asked?: string
  /** The highest id of its range that MySQL holds, if that was asked, too. */
  highest?: number
  idempotency?: Idempotency
  /** For many operations: the answer holds the version alone. */
  answer?: 'version'
  /**
   * For an operation that comes late: when it was accepted, ms of Redis's clock. It is refused
   * (version_conflict) when it would change what others have changed since. Needs `idempotency`.
   */
  asOf?: number
}

/** Creates the ticket; refused when it exists. */
export interface Create extends OnTicket { op: 'create', fields: CreateTicket }

/** Creates a ticket that has had a life elsewhere, with the dates of that; refused when it exists. Due at once. */
export interface Import extends OnTicket { op: 'import', fields: ImportTicket }

/** Changes the ticket; refused when it does not exist or none of `ifMatch` is its version. */
export interface Update extends OnTicket {
  op: 'update'
  fields: PatchTicket
  /** Versions of which one must be the ticket's; undefined: any. */
  ifMatch?: readonly string[]
}

/** Leaves a tombstone of the ticket; refused when it does not exist or none of `ifMatch` is its version. */
export interface Delete extends OnTicket {
  op: 'delete'
  fields: Record<never, never>
  /** Versions of which one must be the ticket's; undefined: any. */
  ifMatch?: readonly string[]
}

/** Puts what MySQL holds back into Redis, unless the ticket is there. */
export interface Restore extends OnTicket {
  op: 'restore'
  ticket: Ticket
  asked: string
  /** How long it stays when it is for a read, which leaves memory to writes; undefined: it is for a change. */
  readCacheSeconds?: number
}

/** Leaves a tombstone of a ticket of this customer that was not created later than `upToMs`, ms of Redis's clock; refused (version_conflict) of any other. */
export interface Erase extends OnTicket { op: 'erase', customerId: number, upToMs: number }

export type Operation = Create | Import | Update | Delete | Erase | Restore

/** What callers ask for, and the journal keeps. */
export type Change = Create | Import | Update | Delete

interface Handler<Op extends Operation> {
  /** The name of its schema in a batch; undefined: no caller may send it. */
  schema?: string
  /** The status of a success. */
  status: 200 | 201 | 204
  /** Whether the ticket must not exist before. */
  creates: boolean
  /** The scope that callers need beside the route's; undefined: none. */
  scope?: 'erase'
  /**
   * What the schema cannot say of what a caller sends.
   * @throws {Problem} validation_failed
   */
  check?: (fields: Op extends { fields: infer Fields } ? Fields : never, statuses: Statuses) => void
  /** The fields that the operation gives to the ticket; null removes one. */
  fields: (operation: Op, statuses: Statuses) => CreateTicket | ImportTicket | PatchTicket | Ticket
  /** Versions of which one must be the ticket's; undefined: any. */
  ifMatch: (operation: Op) => readonly string[] | undefined
  /** What the write script is to answer, or how long the ticket stays: `answer` in its header. */
  answer: (operation: Op) => string
  /**
   * The ticket as it will be when the operation has been applied, as far as that can be told: its version is not.
   * @param before undefined: nothing is known of the ticket; of one that was to be created, there is none
   * @param at Unix seconds
   */
  preview: (before: Ticket | undefined, operation: Op, at: number, statuses: Statuses) => Ticket | undefined
  /** What an operator applies instead, whatever the ticket has become: the first that finds the ticket as it needs it. */
  forced: (operation: Op) => Change[]
}

/** What each operation does. Exhaustive by its type: nothing else asks which operation it has before it. */
const OPERATIONS: { [Name in Operation['op']]: Handler<Extract<Operation, { op: Name }>> } = {
  create: {
    schema: 'CreateOperation',
    status: 201,
    creates: true,
    fields: ({ fields }, { defaultStatus }) => fields.status === undefined ? { ...fields, status: defaultStatus } : fields,
    ifMatch: () => undefined,
    answer: ({ answer = 'ticket' }) => answer,
    // Of an id that exists already the entry will be a conflict.
    preview: (before, operation, at, statuses) => before ?? toNewTicket(operation.ticket_id, fieldsOf(operation, statuses), at, 0, statuses),
    forced: ({ op, ticket_id, fields }) => {
      const { created_at: _, ...changes } = fields
      return [{ op, ticket_id, fields }, { op: 'update', ticket_id, fields: changes }]
    },
  },
  import: {
    schema: 'ImportOperation',
    status: 201,
    creates: true,
    check: checkDates,
    fields: ({ fields }, statuses) => withDates(fields, statuses),
    ifMatch: () => undefined,
    answer: ({ answer = 'ticket' }) => answer,
    preview: (before, operation, at, statuses) => before ?? toNewTicket(operation.ticket_id, fieldsOf(operation, statuses), at, 0, statuses),
    forced: ({ op, ticket_id, fields }) => {
      const { created_at: _created, updated_at: _updated, closed_at: _closed, ...changes } = fields
      return [{ op, ticket_id, fields }, { op: 'update', ticket_id, fields: changes }]
    },
  },
  update: {
    schema: 'UpdateOperation',
    status: 200,
    creates: false,
    fields: ({ fields }) => fields,
    ifMatch: ({ ifMatch }) => ifMatch,
    answer: ({ answer = 'ticket' }) => answer,
    preview: (before, { fields }, at, statuses) => before && (isTombstone(before) ? before : toChangedTicket(before, fields, at, statuses)),
    forced: ({ op, ticket_id, fields }) => [{ op, ticket_id, fields }],
  },
  delete: {
    schema: 'DeleteOperation',
    status: 204,
    creates: false,
    scope: 'erase',
    fields: () => ({}),
    ifMatch: ({ ifMatch }) => ifMatch,
    answer: () => 'version',
    preview: (before, { ticket_id: id }, at) => before && (isTombstone(before) ? before : toTombstone(id, before.version, at, before.synced_version)),
    forced: ({ op, ticket_id, fields }) => [{ op, ticket_id, fields }],
  },
  erase: {
    status: 204,
    creates: false,
    // What the script judges by.
    fields: ({ customerId, upToMs }) => ({ customer_id: customerId, up_to: upToMs }),
    ifMatch: () => undefined,
    answer: () => 'version',
    preview: before => before,
    forced: () => [],
  },
  restore: {
    status: 200,
    creates: false,
    fields: ({ ticket }) => ticket,
    ifMatch: () => undefined,
    answer: ({ readCacheSeconds }) => readCacheSeconds === undefined ? '' : String(readCacheSeconds),
    preview: (before, { ticket }) => before ?? ticket,
    forced: () => [],
  },
}

/** What the operation does. */
export const handlerOf = <Op extends Operation>({ op }: Op): Handler<Op> => OPERATIONS[op] as unknown as Handler<Op>

/** The fields that a create or an import gives to the ticket. */
export const fieldsOf = (operation: Create | Import, statuses: Statuses) => handlerOf(operation).fields(operation, statuses) as CreateTicket | ImportTicket

/** Whether this version of the service has the operation: the journal may hold one that a newer version has written. */
export const isKnown = ({ op }: Pick<Operation, 'op'>): boolean => Object.hasOwn(OPERATIONS, op)

/** The name of its schema in a batch. */
export const schemaOf = (op: Change['op']): string => OPERATIONS[op].schema!

/** What callers may send: the name of an operation, and of its schema. */
export const CHANGES = Object.entries(OPERATIONS).flatMap(([op, { schema }]) => schema === undefined ? [] : [{ op: op as Change['op'], schema }])

/** The operations that create a ticket. */
export const CREATING = Object.entries(OPERATIONS).filter(([, { creates }]) => creates).map(([op]) => op)
