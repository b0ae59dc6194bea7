import { Type, type TSchema } from '../util/schema.ts'
import { TicketId, type CreateTicket, type ImportTicket, type PatchTicket } from './fields.ts'
import { schemaOf } from './operation.ts'

/** An operation as a batch spells it. */
export type BatchOperation =
  | { op: 'create', ticket_id: number, if_match?: undefined } & CreateTicket
  | { op: 'import', ticket_id: number, if_match?: undefined } & ImportTicket
  | { op: 'update', ticket_id: number, if_match?: string } & PatchTicket
  | { op: 'delete', ticket_id: number, if_match?: string }

/** Some dozen versions: who has seen more of them than that does not know which one the change is for. */
const IF_MATCH_MAX = 1024

/** @param createMembers @param importMembers @param patchMembers the fields that a create, an import and an update may have */
export function createOperationSchemas (createMembers: Record<string, TSchema>, importMembers: Record<string, TSchema>, patchMembers: Record<string, TSchema>) {
  const ifMatch = Type.Optional(Type.String({ maxLength: IF_MATCH_MAX, description: 'The ETag of the version that the change is for, with its quotes, as it came: W/ before it does not count; or a list of them, or *' }))
  return [
    Type.Object({ op: Type.Literal('create'), ticket_id: TicketId, ...createMembers }, { $id: schemaOf('create'), additionalProperties: false }),
    Type.Object({ op: Type.Literal('import'), ticket_id: TicketId, ...importMembers }, { $id: schemaOf('import'), additionalProperties: false }),
    Type.Object({
      op: Type.Literal('update'),
      ticket_id: TicketId,
      if_match: ifMatch,
      ...patchMembers,
    }, {
      $id: schemaOf('update'),
      additionalProperties: false,
      // Beside what names the ticket and its version at least one field, as in the single route.
      minProperties: 3,
      dependentSchemas: { if_match: { minProperties: 4 } },
    }),
    Type.Object({ op: Type.Literal('delete'), ticket_id: TicketId, if_match: ifMatch }, { $id: schemaOf('delete'), additionalProperties: false }),
  ] as const
}
