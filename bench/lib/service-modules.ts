/** What the benchmark takes from the service's own source, in one place. */
import { readFileSync } from 'node:fs'

export { default as batchRoutes } from '../../routes/batch.ts'
export { default as ticketRoutes } from '../../routes/tickets.ts'
export { createApiKey } from '../../src/auth/api-keys.ts'
export { loadConfig } from '../../src/config.ts'
export { ProblemSchema } from '../../src/http/problems.ts'
export { createCompilers } from '../../src/http/compilers.ts'
export { COLUMNS, fromHash, toRow } from '../../src/tickets/codec.ts'
export { toDateTime, type Ticket } from '../../src/tickets/fields.ts'
export { createKeys } from '../../src/tickets/keys.ts'
export { createTicketSchemas } from '../../src/tickets/ticket.ts'

const INCLUDES = new URL('../../src/store/scripts/includes/', import.meta.url)

/** @returns the script with what it includes of the service's own: `-- @include NAME` */
export const includeLua = (script: string): string =>
  script.replaceAll(/^-- @include (\w+)$/gm, (_line, name: string) => readFileSync(new URL(`${name}.lua`, INCLUDES), 'utf8'))
