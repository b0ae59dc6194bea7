import { escape, escapeId } from 'mysql2'
import { ConfigError, type Config } from '../../config.ts'
import { toMetaKeys, toStatusMap } from './mapping.ts'

/** Where a WordPress site keeps what its tickets are. Names of tables are ready for SQL, each statement of which has `isTicket` in it. */
export type Site = ReturnType<typeof createSite>

/** @throws {ConfigError} naming the variable */
export function createSite (config: Config) {
  const table = (name: string) => escapeId(config.WORDPRESS_TABLE_PREFIX + name)
  // loadConfig asks for it where posts are the target. No post is of the type ''.
  const postType = config.WORDPRESS_POST_TYPE ?? ''
  return {
    posts: table('posts'),
    postmeta: table('postmeta'),
    options: table('options'),
    postType,
    /**
     * A condition on a row of the posts: it may be a ticket. Byte by byte, since WordPress's collations hold `Ticket` and `ticket`
     * equal. No index is lost by that: posts are looked up by their ids.
     */
    isTicket: `CAST(post_type AS BINARY) = ${escape(postType)}`,
    /** post_status by status. */
    statuses: read('WORDPRESS_STATUS_MAP', () => toStatusMap(config.WORDPRESS_STATUS_MAP, config.TICKET_STATUSES)),
    /** Meta key by field. */
    metaKeys: read('WORDPRESS_META_KEYS', () => toMetaKeys(config.WORDPRESS_META_KEYS)),
  }
}

function read<T> (variable: string, value: () => T): T {
  try {
    return value()
  } catch (error) {
    throw new ConfigError(`${variable} ${(error as Error).message}`)
  }
}
