import { randomUUID } from 'node:crypto'
import { raw } from 'mysql2'
import { handlerOf, type Change } from '../tickets/operation.ts'
import type { Accepted } from './accepted.ts'

export type State = 'pending' | 'conflict'

/** A write that was accepted while Redis was unavailable. */
export interface Entry extends Accepted {
  /** Its place in the order in which entries were kept. */
  seq: number
  operation: Change
  /** The versions that it was for; undefined: any. */
  ifMatch?: readonly string[]
  /** The request had an Idempotency-Key. */
  isRepeatable: boolean
  state: State
  /** Why it is in conflict. */
  reason: string | null
  /** The key by which an operator's decision is applied once. */
  resolveKey: string | null
}

/** An entry as the table holds it. */
export interface Row {
  seq: number
  ticket_id: number
  op: Change['op']
  fields: string
  if_match: string | null
  accepted_at: number
  kept_at: number | null
  clock: Entry['clock']
  idempotency_key: string
  fingerprint: string
  operation_index: number
  state: State
  reason: string | null
  settle_key: string | null
}

/** A change that is to be kept, as the table will hold it. */
export interface NewEntry {
  change: Change
  /** Of the request, its own or a new one. */
  key: string
  /** '': the request had no key of its own. */
  fingerprint: string
  index: number
  fields: string
  versions: string | null
  /** What it costs those who read it: the column `bytes`. */
  bytes: number
}

export function toNewEntry (change: Change): NewEntry {
  const { key, fingerprint, index } = change.idempotency ?? { key: randomUUID(), fingerprint: '', index: 0 }
  const fields = JSON.stringify(change.fields)
  const versions = handlerOf(change).ifMatch(change)?.join() ?? null
  return { change, key, fingerprint, index, fields, versions, bytes: Buffer.byteLength(fields) + Buffer.byteLength(versions ?? '') }
}

/** What is given at the INSERT, in the order of `toRow`; and what is read of an entry. */
export const NEW_COLUMNS = ['ticket_id', 'partition_index', 'op', 'fields', 'if_match', 'accepted_at', 'kept_at', 'clock', 'idempotency_key', 'fingerprint', 'operation_index', 'caller']
export const COLUMNS = ['seq', 'ticket_id', 'op', 'fields', 'if_match', 'accepted_at', 'kept_at', 'clock', 'idempotency_key', 'fingerprint', 'operation_index', 'state', 'reason', 'settle_key']

/** ms of MySQL's clock when it begins a statement, the one clock that all instances can ask. */
const MYSQL_NOW = 'FLOOR(UNIX_TIMESTAMP(NOW(6)) * 1000)'

/**
 * The values of `NEW_COLUMNS`.
 * @param redisNowMs ms of Redis's clock, as far as it is known; undefined: MySQL's counts
 */
export function toRow ({ change, key, fingerprint, index, fields, versions }: NewEntry, partition: number, caller: string, redisNowMs: number | undefined) {
  const keptAt = raw(MYSQL_NOW)
  const clock: Entry['clock'] = redisNowMs === undefined ? 'mysql' : 'redis'
  return [change.ticket_id, partition, change.op, fields, versions, redisNowMs ?? keptAt, keptAt, clock, key, fingerprint, index, caller]
}

export function toEntry (row: Row): Entry {
  const common = {
    ticket_id: Number(row.ticket_id),
    idempotency: { key: row.idempotency_key, fingerprint: row.fingerprint, index: Number(row.operation_index) },
  }
  const fields = JSON.parse(row.fields) as never
  const ifMatch = row.if_match === null ? undefined : row.if_match.split(',').filter(version => version !== '')
  return {
    seq: Number(row.seq),
    operation: { op: row.op, fields, ifMatch, ...common },
    ifMatch,
    isRepeatable: row.fingerprint !== '',
    acceptedAtMs: Number(row.accepted_at),
    clock: row.clock,
    keptAtMs: row.kept_at === null ? undefined : Number(row.kept_at),
    state: row.state,
    reason: row.reason,
    resolveKey: row.settle_key,
  }
}
