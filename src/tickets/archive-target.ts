import type { Config } from '../config.ts'
import type { Database } from '../mysql/database.ts'
import type { TicketArchive } from './archive.ts'
import { createTableArchive } from './archive-table.ts'
import { createWordpressArchive } from './archive-wordpress.ts'
import { toSite } from './wordpress/site.ts'

/** The archive that ARCHIVE_TARGET names. */
export function createArchive (database: Database, config: Config, statementTimeoutMs: number): TicketArchive {
  return config.ARCHIVE_TARGET === 'wordpress'
    ? createWordpressArchive(database, toSite(config), statementTimeoutMs)
    : createTableArchive(database, config.TICKETS_TABLE, statementTimeoutMs)
}
