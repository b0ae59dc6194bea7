import type { Mysql } from '../../mysql/mysql.ts'
import type { Query } from '../../mysql/transaction.ts'
import { escapedBytes, inParts } from '../../mysql/statements.ts'
import { toDateTime } from '../../tickets/fields.ts'
import type { PostTombstones } from '../tombstones.ts'
import { isTombstone, type Ticket } from '../../tickets/fields.ts'
import { refuseForeign, type Failure, type FirstVersions } from '../ticket-database.ts'
import { isPostStatus } from './mapping.ts'
import type { Site } from './site.ts'
import { COMPARED_MAX, byPost, toChanges, versionOf, type MetaRow } from './meta.ts'
import { TIME_OPTIONS, createSiteTime } from './site-time.ts'

/** Posts of one UPDATE: MySQL looks through all of its values for each of them. */
const POSTS_PER_UPDATE = 100

/** Rows of one DELETE. */
const ROWS_PER_DELETE = 1000

/** Bytes of a row of meta beside its value. */
const ROW_OVERHEAD = 250

/**
 * Writes tickets into their posts, in one transaction. Of a ticket that was deleted the post keeps nothing but what it was before:
 * its tombstone stands in the service's own table.
 * @returns a function that resolves with the tickets that have no post
 */
export function createWriteRows (mysql: Mysql, site: Site, tombstones: PostTombstones, timeoutMs: number) {
  const { posts, postmeta, options, isTicket, statuses, metaKeys } = site

  /**
   * Until the end of the transaction no other instance writes these tickets: what is read of their meta
   * after this stays true, and two instances do not both insert a row that was missing. Under READ COMMITTED, posts of other types
   * are locked no longer than it takes to see that.
   */
  async function lock (query: Query, ids: readonly number[]): Promise<Set<number>> {
    const rows = await query<{ ID: number }[]>(`SELECT ID FROM ${posts} WHERE ID IN (?) AND ${isTicket} ORDER BY ID FOR UPDATE`, [ids])
    return new Set(rows.map(row => Number(row.ID)))
  }

  /** The types of posts that are no tickets, for the reason of a refusal. */
  async function readTypes (query: Query, ids: readonly number[]): Promise<Map<number, string>> {
    if (ids.length === 0) return new Map()
    const rows = await query<{ ID: number, post_type: string }[]>(`SELECT ID, post_type FROM ${posts} WHERE ID IN (?)`, [ids])
    return new Map(rows.map(row => [Number(row.ID), row.post_type]))
  }

  async function readMeta (query: Query, ids: readonly number[]) {
    if (ids.length === 0) return byPost([])
    // In place of a long value its hash: whether it changes is all that is asked, and a batch may meet any number of long ones.
    const rows = await query<MetaRow[]>(
      `SELECT meta_id, post_id, meta_key, IF(CHAR_LENGTH(meta_value) > ${COMPARED_MAX}, SHA2(CONVERT(meta_value USING utf8mb4), 256), meta_value) AS meta_value ` +
      `FROM ${postmeta} WHERE post_id IN (?) AND meta_key IN (?) ORDER BY meta_id`, [ids, [...metaKeys.values()]])
    return byPost(rows)
  }

  /** Read each time, so that a change of the setting is seen. */
  async function readSiteTime (query: Query) {
    const rows = await query<{ option_name: string, option_value: string }[]>(`SELECT option_name, option_value FROM ${options} WHERE option_name IN (?)`, [TIME_OPTIONS])
    return createSiteTime(new Map(rows.map(row => [row.option_name, row.option_value])))
  }

  async function updatePosts (query: Query, tickets: readonly Ticket[], siteTime: (seconds: number) => string) {
    const columns: Record<string, (ticket: Ticket) => string> = {
      post_status: ({ status }) => statuses.get(status) ?? status,
      post_modified: ({ updated_at: at }) => siteTime(at),
      post_modified_gmt: ({ updated_at: at }) => toDateTime(at),
    }
    for (const part of inParts(tickets, () => 1, POSTS_PER_UPDATE)) {
      const assignments = Object.keys(columns).map(column => `${column} = CASE ID${' WHEN ? THEN ?'.repeat(part.length)} END`)
      const values = Object.values(columns).flatMap(valueOf => part.flatMap(ticket => [ticket.ticket_id, valueOf(ticket)]))
      await query(`UPDATE ${posts} SET ${assignments.join(', ')} WHERE ID IN (?) AND ${isTicket}`, [...values, part.map(ticket => ticket.ticket_id)])
    }
  }

  async function writeMeta (query: Query, rows: readonly MetaRow[]) {
    for (const part of inParts(rows, ({ meta_value: value }) => escapedBytes(value!) + ROW_OVERHEAD, mysql.rowsBytesMax())) {
      // A row that is there is known by its meta_id, the table's only unique key. By one of somebody else's it may be another's.
      await query(`INSERT INTO ${postmeta} (meta_id, post_id, meta_key, meta_value) VALUES ? ON DUPLICATE KEY UPDATE meta_value = IF(post_id = VALUES(post_id) AND meta_key = VALUES(meta_key), VALUES(meta_value), meta_value)`,
        [part.map(row => [row.meta_id, row.post_id, row.meta_key, row.meta_value])])
    }
  }

  async function deleteMeta (query: Query, metaIds: readonly MetaRow['meta_id'][]) {
    for (const part of inParts(metaIds, () => 1, ROWS_PER_DELETE)) await query(`DELETE FROM ${postmeta} WHERE meta_id IN (?)`, [part])
  }

  return (batch: readonly Ticket[], firstVersions: FirstVersions): Promise<Failure[]> => mysql.transaction(async query => {
    const locked = await lock(query, batch.map(ticket => ticket.ticket_id))
    const others = await readTypes(query, batch.map(ticket => ticket.ticket_id).filter(id => !locked.has(id)))
    // The post of a ticket that was deleted may be gone, too.
    const refused = refuse(batch.filter(ticket => !isTombstone(ticket)), locked, others, site)
    const refusedIds = new Set(refused.map(failure => failure.ticketId))
    const writable = batch.filter(ticket => !refusedIds.has(ticket.ticket_id))
    if (writable.length === 0) return refused

    // Of posts that are no tickets nothing is read, and so nothing removed.
    const meta = await readMeta(query, writable.map(ticket => ticket.ticket_id).filter(id => locked.has(id)))
    const deleted = await tombstones.versions(query, writable.map(ticket => ticket.ticket_id))
    const held = (ticket: Ticket) => versionOf(meta.get(ticket.ticket_id), metaKeys.get('version')!) ?? -1
    const isForeign = (ticket: Ticket) => held(ticket) !== -1 && held(ticket) < (firstVersions.get(ticket.ticket_id) ?? -1)
    refused.push(...writable.filter(isForeign).map(ticket => refuseForeign(ticket.ticket_id, ticket.version, held(ticket))))
    // Only a newer version changes a post, so every write may be repeated and come late.
    const newer = writable.filter(ticket => ticket.version > Math.max(held(ticket), deleted.get(ticket.ticket_id) ?? -1) && !isForeign(ticket))
    if (newer.length === 0) return refused

    const gone = newer.filter(isTombstone)
    const tickets = newer.filter(ticket => !isTombstone(ticket))
    await deleteMeta(query, gone.flatMap(({ ticket_id: id }) => [...meta.get(id)?.values() ?? []].flat().map(row => row.meta_id)))
    await tombstones.write(query, gone)
    if (tickets.length === 0) return refused

    const changes = tickets.map(ticket => toChanges(ticket, meta.get(ticket.ticket_id), metaKeys))
    await updatePosts(query, tickets, await readSiteTime(query))
    await deleteMeta(query, changes.flatMap(({ remove }) => remove))
    await writeMeta(query, changes.flatMap(({ write }) => write))
    await tombstones.remove(query, tickets.map(ticket => ticket.ticket_id).filter(id => deleted.has(id)))
    return refused
  }, timeoutMs)
}

/**
 * The tickets that have no post that may be written, or a status that no post can have.
 * @param locked ids of posts that are tickets
 * @param others post_type by id, of posts that are none
 */
function refuse (tickets: readonly Ticket[], locked: ReadonlySet<number>, others: ReadonlyMap<number, string>, { postType, statuses }: Site): Failure[] {
  return tickets.flatMap(({ ticket_id: ticketId, version, status }) => {
    const type = others.get(ticketId)
    if (type !== undefined) return [{ ticketId, version, reason: `post ${ticketId} is of the type ${type}, not ${postType}` }]
    if (!locked.has(ticketId)) return [{ ticketId, version, reason: `there is no post ${ticketId}` }]
    // All of TICKET_STATUSES have one: this was taken out of them.
    const isWritable = isPostStatus(statuses.get(status) ?? status)
    return isWritable ? [] : [{ ticketId, version, reason: `the status ${status} is none that a post can have: put it back into TICKET_STATUSES, and name it in WORDPRESS_STATUS_MAP` }]
  })
}
