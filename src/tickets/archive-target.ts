import type { Config } from '../config.js'
import type { Database } from '../mysql/database.js'
import type { TicketArchive } from './archive.js'
import { createTableArchive } from './archive-table.js'
import { createWordpressArchive } from './archive-wordpress.js'
import { toSite } from './wordpress/site.js'

/** The archive that ARCHIVE_TARGET names. */
export function createArchive (database: Database, config: Config, statementTimeoutMs: number): TicketArchive {
  return config.ARCHIVE_TARGET === 'wordpress'
    ? createWordpressArchive(database, toSite(config), statementTimeoutMs)
    : createTableArchive(database, config.TICKETS_TABLE, statementTimeoutMs)
}
