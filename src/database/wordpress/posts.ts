import type { Mysql } from '../../mysql/mysql.ts'
import { createSelect, inStatements } from '../../mysql/statements.ts'
import { FIND_TIMEOUT_MS, type TicketDatabase } from '../ticket-database.ts'
import { orCorrupt } from '../../tickets/codec.ts'
import { toDateTime } from '../../tickets/fields.ts'
import { createUpsert } from '../upsert.ts'
import { byPost, fromMeta, versionOf, type MetaRow } from './meta.ts'
import type { Site } from './site.ts'
import { createWriteRows } from './write.ts'

/** Posts of one page of a scan. */
const PAGE_POSTS = 1000

/** So many tickets are looked through for the highest id; more are not, and the newest posts are tried instead. */
const LOOK_THROUGH_MAX = 10_000

/**
 * The database that is the posts of a WordPress site: status and dates in wp_posts, every field in
 * wp_postmeta. A ticket's id is its post's. A post that bears no version of ours is no ticket yet.
 *
 * @param statementTimeoutMs for a whole batch, and for the statements of a scan
 */
export function createPostDatabase (mysql: Mysql, site: Site, statementTimeoutMs: number): TicketDatabase {
  const { posts, postmeta, options, isTicket, metaKeys } = site
  const versionKey = metaKeys.get('version')!
  const select = createSelect(mysql)
  const writePosts = createWriteRows(mysql, site, statementTimeoutMs)

  /** The meta of those among `ids` that are tickets. */
  async function read (ids: readonly number[], keys: readonly string[], timeoutMs: number) {
    const rows: MetaRow[] = []
    for (const part of inStatements(ids)) {
      rows.push(...await select<MetaRow>(
        `SELECT meta_id, post_id, meta_key, meta_value FROM ${postmeta} JOIN ${posts} ON ID = post_id WHERE post_id IN (?) AND meta_key IN (?) AND ${isTicket} ORDER BY meta_id`,
        [part, keys], timeoutMs))
    }
    return new Map([...byPost(rows)].filter(([, post]) => post.has(versionKey)))
  }

  async function versions (ids: readonly number[]): Promise<Map<number, number>> {
    const held = new Map<number, number>()
    for (const [id, post] of await read(ids, [versionKey], statementTimeoutMs)) {
      const version = versionOf(post, versionKey)
      if (version !== undefined) held.set(id, version)
    }
    return held
  }

  return {
    versions,

    upsert: createUpsert({
      writeRows: async tickets => ({ refused: await writePosts(tickets), areNew: false }),
      versions,
      // The transaction is one for the batch; it bounds its statements itself.
      bytesMax: () => Infinity,
    }),

    async find (ids, timeoutMs = FIND_TIMEOUT_MS) {
      const found = await read(ids, [...metaKeys.values()], timeoutMs)
      return new Map([...found].map(([id, post]) => [id, orCorrupt(() => fromMeta(id, post, metaKeys))]))
    },

    // No index of WordPress's knows when a post was changed: all of them are passed, in the order of the
    // primary key. The date is as old as our last write or newer, since WordPress changes it with the post.
    async * changedSince (since, { index, count } = { index: 0, count: 1 }) {
      for (let after: number | undefined = 0; after !== undefined;) {
        const rows: { ID: number, changed: number }[] = await select<{ ID: number, changed: number }>(
          `SELECT ID, post_modified_gmt >= ? AND ${isTicket} AS changed FROM ${posts} WHERE ID > ? AND MOD(ID, ?) = ? ORDER BY ID LIMIT ${PAGE_POSTS}`,
          [toDateTime(since), after, count, index], statementTimeoutMs)
        const changed = rows.filter(row => row.changed).map(row => Number(row.ID))
        const page = changed.length > 0 ? await versions(changed) : new Map<number, number>()
        if (page.size > 0) yield page
        after = rows.length === PAGE_POSTS ? Number(rows.at(-1)!.ID) : undefined
      }
    },

    async highestId () {
      const [few] = await select<{ tickets: number, highest: number | null }>(
        `SELECT COUNT(*) AS tickets, MAX(post_id) AS highest FROM (SELECT post_id FROM ${postmeta} WHERE meta_key = ? LIMIT ${LOOK_THROUGH_MAX}) AS few`, [versionKey], statementTimeoutMs)
      if (Number(few!.tickets) < LOOK_THROUGH_MAX) return Number(few!.highest ?? 0)
      // With a LIMIT in it the condition is tried post by post, and the first that has it ends the search.
      const [newest] = await select<{ ID: number }>(
        `SELECT ID FROM ${posts} WHERE (SELECT 1 FROM ${postmeta} WHERE post_id = ID AND meta_key = ? LIMIT 1) = 1 ORDER BY ID DESC LIMIT 1`, [versionKey], statementTimeoutMs)
      return Number(newest?.ID ?? 0)
    },

    async ping () {
      await select(`SELECT ${[posts, postmeta, options].map(table => `(SELECT 1 FROM ${table} LIMIT 1)`).join(', ')}`, [], FIND_TIMEOUT_MS)
    },
  }
}
