import { escapeId } from 'mysql2'
import type { Mysql } from '../../mysql/mysql.ts'
import { createSelect, inStatements } from '../../mysql/statements.ts'
import { Problem } from '../../errors.ts'
import { FIND_TIMEOUT_MS, isOfPartition, partitionValues, WHOLE, type TicketDatabase } from '../ticket-database.ts'
import { orCorrupt } from '../../tickets/codec.ts'
import { toDateTime } from '../../tickets/fields.ts'
import type { GroupField } from '../../tickets/query.ts'
import { inBytes } from '../in-bytes.ts'
import { createPostTombstones, createPurge } from '../tombstones.ts'
import { createUpsert } from '../upsert.ts'
import { byPost, fromMeta, fromMetaValue, versionOf, type MetaRow } from './meta.ts'
import type { Site } from './site.ts'
import { createWriteRows } from './write.ts'

/** Posts of one page of a scan. */
const PAGE_POSTS = 1000

/** Characters of a status that are looked at, serialized as PHP does it: what other programs have put there may be any text. */
const STATUS_MAX = 320

/** The newest posts of a range that are looked through for a ticket. */
const LOOK_THROUGH_MAX = 1000

/**
 * The database that is the posts of a WordPress site: status and dates in wp_posts, every field in
 * wp_postmeta. A ticket's id is its post's. A post that bears no version of ours is no ticket yet. What was deleted has a tombstone
 * in the service's own table.
 *
 * @param table TICKETS_TABLE
 * @param retentionSeconds that a tombstone stays
 * @param statementTimeoutMs for a whole batch, and for the statements of a scan
 */
export function createPostDatabase (mysql: Mysql, site: Site, table: string, retentionSeconds: number, statementTimeoutMs: number): TicketDatabase {
  const { posts, postmeta, options, isTicket, metaKeys } = site
  const versionKey = metaKeys.get('version')!
  const select = createSelect(mysql)
  const tombstones = createPostTombstones(mysql, table)
  const writePosts = createWriteRows(mysql, site, tombstones, statementTimeoutMs)

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

  async function versions (ids: readonly number[], timeoutMs = statementTimeoutMs): Promise<Map<number, number>> {
    const held = new Map<number, number>()
    for (const [id, post] of await read(ids, [versionKey], timeoutMs)) {
      const version = versionOf(post, versionKey)
      if (version !== undefined) held.set(id, version)
    }
    for (const [id, version] of await tombstones.versions(tombstones.asking(timeoutMs), ids)) if (version > (held.get(id) ?? -1)) held.set(id, version)
    return held
  }

  return {
    versions,

    upsert: createUpsert({
      writeRows: async (tickets, firstVersions) => ({ refused: await writePosts(tickets, firstVersions), areNewest: false }),
      versions,
      // The transaction is one for the batch; it bounds its statements itself.
      bytesMax: () => Infinity,
    }),

    async find (ids, timeoutMs = FIND_TIMEOUT_MS) {
      const keys = [...metaKeys.values()]
      const { now, left } = await inBytes(ids, async ids => {
        const rows = await select<{ post_id: number, bytes: number | null }>(`SELECT post_id, SUM(LENGTH(meta_value)) AS bytes FROM ${postmeta} WHERE post_id IN (?) AND meta_key IN (?) GROUP BY post_id`, [ids, keys], timeoutMs)
        return new Map(rows.map(row => [Number(row.post_id), Number(row.bytes)]))
      })
      const posts = await read(now, keys, timeoutMs)
      const found = new Map([...posts].map(([id, post]) => [id, orCorrupt(() => fromMeta(id, post, metaKeys))]))
      for (const tombstone of await tombstones.find(now, timeoutMs)) {
        const version = versionOf(posts.get(tombstone.ticket_id), versionKey) ?? -1
        if (tombstone.version > version) found.set(tombstone.ticket_id, tombstone)
      }
      return { found, left }
    },

    // No index of WordPress's knows when a post was changed: all of them are passed, in the order of the
    // primary key. The date is as old as our last write or newer, since WordPress changes it with the post.
    async * changedSince (since, partition = WHOLE) {
      for (let after: number | undefined = 0; after !== undefined;) {
        const rows: { ID: number, changed: number }[] = await select<{ ID: number, changed: number }>(
          `SELECT ID, post_modified_gmt >= ? AND ${isTicket} AS changed FROM ${posts} WHERE ID > ? AND ${isOfPartition('ID')} ORDER BY ID LIMIT ${PAGE_POSTS}`,
          [toDateTime(since), after, ...partitionValues(partition)], statementTimeoutMs)
        const changed = rows.filter(row => row.changed).map(row => Number(row.ID))
        const page = changed.length > 0 ? await versions(changed) : new Map<number, number>()
        if (page.size > 0) yield page
        after = rows.length === PAGE_POSTS ? Number(rows.at(-1)!.ID) : undefined
      }
      yield * tombstones.changedSince(since, partition, statementTimeoutMs)
    },

    // No index of WordPress's knows the values: some of them tell what there is.
    async statuses () {
      const rows = await select<{ meta_value: string | null }>(
        `SELECT MIN(meta_value) AS meta_value FROM (SELECT post_id, LEFT(meta_value, ${STATUS_MAX}) AS meta_value FROM ${postmeta} WHERE meta_key = ? AND CAST(meta_key AS BINARY) = ? LIMIT ${LOOK_THROUGH_MAX}) AS few JOIN ${posts} ON ID = post_id WHERE ${isTicket} GROUP BY CAST(meta_value AS BINARY)`, [metaKeys.get('status')!, metaKeys.get('status')!], statementTimeoutMs)
      return rows.flatMap(({ meta_value: value }) => value === null ? [] : [fromMetaValue(value)])
    },

    async highestIds (ranges) {
      const rows = await select<{ place: number, highest: number | null, looked: number, lowest: number | null }>(
        ranges.map((_range, place) =>
          `SELECT ${place} AS place, COUNT(*) AS looked, MIN(ID) AS lowest, MAX(IF(${isTicket} AND EXISTS (SELECT 1 FROM ${postmeta} WHERE post_id = ID AND meta_key = ?), ID, NULL)) AS highest ` +
          `FROM (SELECT ID, post_type FROM ${posts} WHERE ID BETWEEN ? AND ? ORDER BY ID DESC LIMIT ${LOOK_THROUGH_MAX}) AS newest`).join(' UNION ALL '),
        ranges.flatMap(({ from, to }) => [versionKey, from, to]), FIND_TIMEOUT_MS)
      // Any of the posts that were not looked through may be a ticket.
      const highestOf = ({ highest, looked, lowest }: typeof rows[number]) => Number(highest ?? (Number(looked) === LOOK_THROUGH_MAX ? Number(lowest) - 1 : 0))
      const byPlace = new Map(rows.map(row => [Number(row.place), highestOf(row)]))
      const deleted = await tombstones.highestIds(ranges, FIND_TIMEOUT_MS)
      return ranges.map((_range, place) => Math.max(byPlace.get(place)!, deleted[place]!))
    },

    // No index of WordPress's knows the values: what can be told is which posts are tickets.
    refusal,

    async list (query) {
      const refused = refusal(query)
      if (refused) throw refused
      const { sort: { isDescending }, after, limit } = query
      const rows = await select<{ ID: number }>(
        `SELECT ID FROM ${posts} WHERE ${isTicket}${after ? ` AND ID ${isDescending ? '<' : '>'} ?` : ''} AND EXISTS (SELECT 1 FROM ${postmeta} WHERE post_id = ID AND meta_key = ?) ORDER BY ID ${isDescending ? 'DESC' : 'ASC'} LIMIT ?`,
        [...after ? [after.id] : [], versionKey, limit], statementTimeoutMs)
      const positions = rows.map(row => ({ id: Number(row.ID), value: Number(row.ID) }))
      return { positions, ...(rows.length === limit && { end: positions.at(-1)! }) }
    },

    async count (_filters, by) { throw noCount(by) },

    async ofCustomer (customerId, after, limit) {
      const rows = await select<{ post_id: number }>(
        `SELECT DISTINCT post_id FROM ${postmeta} JOIN ${posts} ON ID = post_id WHERE meta_key = ? AND meta_value = ? AND post_id > ? AND ${isTicket} ORDER BY post_id LIMIT ?`,
        [metaKeys.get('customer_id')!, String(customerId), after, limit], statementTimeoutMs)
      return rows.map(row => Number(row.post_id))
    },

    purgeTombstones: createPurge(mysql, table, retentionSeconds, statementTimeoutMs),

    async ping () {
      await select(`SELECT ${[posts, postmeta, options, escapeId(table)].map(table => `(SELECT 1 FROM ${table} LIMIT 1)`).join(', ')}`, [], FIND_TIMEOUT_MS)
    },
  }
}

/** All of them may be listed, by their ids. */
const refusal: TicketDatabase['refusal'] = asked => {
  if ('by' in asked) return noCount(asked.by)
  const [filter] = Object.keys(asked.filters)
  if (filter === undefined && asked.sort.field === 'ticket_id') return undefined
  return notSupported(filter === undefined ? `sort by ${asked.sort.field}` : `filter by ${filter}`, ' partial=true lists the tickets that wait in Redis alone.')
}

const noCount = (by: GroupField) => notSupported(`count by ${by}`)

const notSupported = (what: string, instead = '') =>
  new Problem('not_supported', `SYNC_TARGET=wordpress cannot ${what}: wp_postmeta has no index for it.${instead}`)
