import type { FastifyBaseLogger } from 'fastify'
import { CorruptTicketError } from '../tickets/codec.ts'
import type { TicketDatabase } from '../database/ticket-database.ts'
import { Problem } from '../errors.ts'
import type { Entry } from '../journal/entry.ts'
import type { Journal } from '../journal/journal.ts'
import type { Shards } from '../shards/shards.ts'
import type { ErasureStore } from '../store/erasure-store.ts'
import { isTombstone, type Ticket } from '../tickets/fields.ts'
import { CREATING } from '../tickets/operation.ts'
import type { TicketRepository } from '../tickets/repository.ts'
import type { Erased, Erasure, Waiting } from './requests.ts'

/** Rows of MySQL, tickets of one write and entries of the journal that are looked at in one go. */
const PAGE_MAX = 500

export interface PassOptions {
  shards: Shards<{ erasure: ErasureStore, isUsable: () => boolean }>
  database: Pick<TicketDatabase, 'ofCustomer' | 'find'>
  journal: Pick<Journal, 'find' | 'remove'>
  /** Redis, with read-through from MySQL. */
  repository: TicketRepository
  /** Pushes these tickets, whatever their state. */
  flush: (ids: readonly number[]) => Promise<unknown>
  log: FastifyBaseLogger
}

/** What a pass has met. */
export interface Passed {
  /** Whether there was nothing to erase any more. */
  isClean: boolean
  waiting: Waiting | null
}

/**
 * One look at everything that may hold something of the customer: Redis's tickets and stored answers, MySQL's rows, the journal. What it
 * finds goes; when a look finds nothing, nothing is left. It may end anywhere, and be repeated.
 */
export function createPass ({ shards, database, journal, repository, flush, log }: PassOptions) {
  /** Resolves with how many were made tombstones. */
  async function eraseTickets (customerId: number, upToMs: number, ids: readonly number[]): Promise<number> {
    if (ids.length === 0) return 0
    const answers = await repository.write(ids.map(id => ({ op: 'erase' as const, ticket_id: id, customerId, upToMs })))
    const failed = answers.find((answer): answer is Problem => answer instanceof Problem && answer.status >= 500)
    if (failed) throw failed
    return answers.filter(answer => !(answer instanceof Problem)).length
  }

  /** A row has no more than its times: see is_later.lua. */
  const isLater = ({ version, created_at: created }: Ticket, upToMs: number) => version > upToMs && created * 1000 > upToMs

  /** Those of the rows that are to go. */
  async function toErase (ids: readonly number[], customerId: number, upToMs: number): Promise<number[]> {
    const erased: number[] = []
    for (let left = ids; left.length > 0;) {
      const looked = await database.find(left)
      for (const [id, row] of looked.found) {
        if (row instanceof CorruptTicketError) log.error({ err: row, ticket_id: id }, 'a row of a customer who is to be erased cannot be read, and is left: correct or remove it')
        if (row instanceof CorruptTicketError || (!isTombstone(row) && row.customer_id === customerId && !isLater(row, upToMs))) erased.push(id)
      }
      left = left.filter(id => looked.left.has(id))
    }
    return erased
  }

  /** Of Redis's keys. Yields what each part of them had. */
  async function * inRedis (customerId: number, upToMs: number): AsyncGenerator<Erased> {
    for (const { erasure } of shards.all) {
      for await (const { ids, answers } of erasure.search(customerId, upToMs)) {
        if (ids.length + answers > 0) yield { tickets: await eraseTickets(customerId, upToMs, ids), answers, journal_entries: 0 }
      }
    }
  }

  /** Of MySQL's rows. What is a tombstone in Redis, or somebody else's by now, has to be pushed. */
  async function * inDatabase (customerId: number, upToMs: number): AsyncGenerator<Erased> {
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: number[] = await database.ofCustomer(customerId, after, PAGE_MAX)
      const ids = await toErase(page, customerId, upToMs)
      if (ids.length > 0) {
        yield { tickets: await eraseTickets(customerId, upToMs, ids), answers: 0, journal_entries: 0 }
        await flush(ids)
      }
      after = page.length === PAGE_MAX ? page.at(-1) : undefined
    }
  }

  /** Those of the tickets that have a tombstone, in Redis or MySQL. */
  async function findDeleted (ids: readonly number[]): Promise<Set<number>> {
    const answers = await repository.read(ids)
    const failed = answers.find((answer): answer is Problem => answer instanceof Problem && answer.status === 503)
    if (failed) throw failed
    return new Set(ids.filter((_, i) => (answers[i] as Problem | null)?.code === 'ticket_deleted'))
  }

  /**
   * Of the entries that are left to an operator. Nobody knows any more whose a deleted ticket was, and no change can be applied to it:
   * it goes, whoever is erased. A create says whose it is.
   */
  async function * inJournal (customerId: number, upToSeq: number): AsyncGenerator<Erased> {
    for (let after: number | undefined = 0; after !== undefined;) {
      const { entries, next } = await journal.find({ state: 'conflict', after, limit: PAGE_MAX })
      const deleted = await findDeleted([...new Set(entries.map(({ operation }) => operation.ticket_id))])
      const isOfDeleted = ({ operation: { op, ticket_id: id } }: Entry) => deleted.has(id) && !CREATING.includes(op)
      const isCustomers = ({ seq, operation }: Entry) => seq <= upToSeq && (operation.fields as { customer_id?: number }).customer_id === customerId
      const seqs = entries.filter(entry => isOfDeleted(entry) || isCustomers(entry)).map(({ seq }) => seq)
      if (seqs.length > 0) {
        await journal.remove(seqs)
        yield { tickets: 0, answers: 0, journal_entries: seqs.length }
      }
      after = next
    }
  }

  /**
   * @param progress is told of what was erased, and fails when the erasure is somebody else's by now
   * @throws what Redis or MySQL failed with
   */
  return async ({ customer_id: customerId, upToMs, upToSeq }: Erasure, progress: (erased: Erased) => Promise<void>): Promise<Passed> => {
    if (!shards.all.every(({ isUsable }) => isUsable())) return { isClean: false, waiting: 'redis' }
    // What waits is applied, or left to an operator, within seconds. Then it is where it is found.
    const { entries } = await journal.find({ state: 'pending', limit: 1 })
    if (entries.length > 0) return { isClean: false, waiting: 'journal' }
    let found = 0
    let rows = 0
    for await (const erased of inRedis(customerId!, upToMs)) {
      found += 1
      await progress(erased)
    }
    for await (const erased of inDatabase(customerId!, upToMs)) {
      rows += 1
      await progress(erased)
    }
    for await (const erased of inJournal(customerId!, upToSeq)) {
      found += 1
      await progress(erased)
    }
    return { isClean: found + rows === 0, waiting: rows > 0 ? 'flush' : null }
  }
}
