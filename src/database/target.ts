import type { Config } from '../config.ts'
import type { Database } from '../mysql/mysql.ts'
import type { TicketArchive } from './database.ts'
import { createTableArchive } from './table.ts'
import { createWordpressArchive } from './wordpress/posts.ts'
import { toSite } from './wordpress/site.ts'

/** The archive that ARCHIVE_TARGET names. */
export function createArchive (database: Database, config: Config, statementTimeoutMs: number): TicketArchive {
  return config.ARCHIVE_TARGET === 'wordpress'
    ? createWordpressArchive(database, toSite(config), statementTimeoutMs)
    : createTableArchive(database, config.TICKETS_TABLE, statementTimeoutMs)
}
