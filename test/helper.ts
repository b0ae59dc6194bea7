import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventEmitter, once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { InjectOptions } from 'fastify'
import { Redis } from 'ioredis'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import type { Test } from 'tap'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { startMariadb } from '../scripts/lib/mariadb.mjs'
import { asService, makeTestUsers } from '../scripts/lib/redis-users.mjs'
import { startRedis } from '../scripts/lib/redis.mjs'

export type Variables = Record<string, string | number | boolean>

function given (name: 'TEST_REDIS_URL' | 'TEST_MYSQL_URL' | 'TEST_MYSQL_TEMPLATE'): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run the tests with npm test`)
  return value
}

/** A file's private servers may have the same password. */
let users: ReturnType<typeof makeTestUsers> | undefined

/** A Redis that this test alone uses, and may stop, freeze or kill. Its users are those of production; `url` is the admin's. */
export async function privateRedis (t: Test, options: Omit<Parameters<typeof startRedis>[0], 'directory'> = {}) {
  const redis = await startRedis({ directory: privateDirectory(t), users: users ??= makeTestUsers(), ...options })
  t.teardown(() => redis.stop())
  return redis
}

/** A database server that this test alone uses, and may stop, freeze or kill. */
export async function privateMariadb (t: Test, options: Omit<Parameters<typeof startMariadb>[0], 'directory'> = {}) {
  const mariadb = await startMariadb({ directory: privateDirectory(t), template: given('TEST_MYSQL_TEMPLATE'), flushLogAtCommit: 2, ...options })
  t.teardown(() => mariadb.stop())
  return mariadb
}

/** Settings of a private Redis that make it a replica of another. */
export const replicaOf = (master: { port: number, password: string }) =>
  ({ replicaof: `127.0.0.1 ${master.port}`, masteruser: 'replica', masterauth: master.password })

export function privateDirectory (t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'test-'))
  t.teardown(() => { rmSync(directory, { recursive: true, force: true }) })
  return directory
}

/** What the service works on, as tests look at it past the service. */
export interface AnyStores {
  sql: Connection
  /** The service's environment for them. */
  variables: Variables
  /** The hashes of those tickets that Redis holds, as foreign code reads them. */
  readHashes: (ids: readonly number[]) => Promise<Map<number, Record<string, string>>>
  /** The ticket's mark in the due index; null: MySQL is up to date. */
  readDue: (id: number) => Promise<string | null>
}

export interface Stores extends AnyStores {
  redis: Redis
  prefix: string
}

/** A database that no other test uses; it goes with the test. */
export async function createTestDatabase (t: Test, server?: string) {
  const name = `test_${randomBytes(6).toString('hex')}`
  const url = new URL(server ?? given('TEST_MYSQL_URL'))
  const sql = await createConnection({ uri: url.href, dateStrings: true, jsonStrings: true })
  await sql.query(`CREATE DATABASE ${name}`)
  await sql.changeUser({ database: name })
  url.pathname = `/${name}`
  t.teardown(async () => {
    // What a private server holds goes with it.
    if (!server) await sql.query(`DROP DATABASE ${name}`)
    sql.destroy()
  })
  return { name, sql, url: url.href }
}

/**
 * A key prefix and a database that no other test uses; both go with the test. `redis` may do everything, the service
 * that is built with `variables` what deploy/redis/users.acl allows.
 */
export async function createStores (t: Test, urls: { redis?: string, mysql?: string } = {}): Promise<Stores> {
  const redisUrl = urls.redis ?? given('TEST_REDIS_URL')
  const redis = new Redis(redisUrl)
  // An outage is what some tests are about; a command that fails says so itself.
  redis.on('error', () => {})
  const { name, sql, url: mysqlUrl } = await createTestDatabase(t, urls.mysql)
  const prefix = `${name}:`

  t.teardown(async () => {
    if (!urls.redis) {
      const keys = await redis.keys(`${prefix}*`)
      if (keys.length > 0) await redis.del(keys)
    }
    redis.disconnect()
  })

  return {
    redis,
    sql,
    prefix,
    variables: { REDIS_URL: asService(redisUrl), MYSQL_URL: mysqlUrl, KEY_PREFIX: prefix },
    readHashes: ids => readHashes(ids, async id => await redis.hgetall(`${prefix}ticket:${id}`)),
    readDue: async id => await redis.zscore(`${prefix}tickets:due`, String(id)),
  }
}

/** The hashes that are there. */
export async function readHashes (ids: readonly number[], read: (id: number) => Promise<Record<string, string>>) {
  const hashes = await Promise.all(ids.map(async id => [id, await read(id)] as const))
  return new Map(hashes.filter(([, hash]) => Object.keys(hash).length > 0))
}

/**
 * The service as production builds it, on stores of its own or on those given. The timer makes its
 * pass at the start and no other, so that tests say when a flush runs.
 */
export async function createService<Own extends AnyStores = Stores> (t: Test, variables: Variables = {}, stores?: Own) {
  const own = stores ?? await createStores(t) as AnyStores as Own
  const lines = createLines()
  const config = loadConfig(Object.fromEntries(Object.entries({
    LOG_LEVEL: 'info',
    FLUSH_INTERVAL_MS: 3_600_000,
    // A machine that runs many tests is slow, and what they ask for is not refused for that.
    MAX_EVENT_LOOP_DELAY_MS: 86_400_000,
    ...own.variables,
    ...variables,
  }).map(([name, value]) => [name, String(value)])))
  const app = await buildApp(config, lines)
  t.teardown(() => app.close())
  await app.ready()
  // A test says itself what each later flush finds.
  while (app.tickets.sync.lastFlush() === null) await setImmediate()

  /** Sends a request; `body` is sent as JSON. */
  async function call (method: InjectOptions['method'], url: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await app.inject({ method, url, headers, ...(body !== undefined && { payload: body as object }) })
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a route answers is what the tests look at
      body: (String(response.headers['content-type']).includes('json') && response.body !== '' ? response.json() : undefined) as any,
    }
  }

  return {
    ...own,
    app,
    config,
    call,
    lines,
    /** The ticket's hash, as foreign code reads it. */
    hash: async (id: number) => (await own.readHashes([id])).get(id) ?? {},
    /** The ticket's row, as foreign code reads it. */
    row: async (id: number): Promise<RowDataPacket | undefined> => {
      const [rows] = await own.sql.query<RowDataPacket[]>(`SELECT * FROM ${config.TICKETS_TABLE} WHERE ticket_id = ?`, [id])
      return rows[0]
    },
    rows: async (): Promise<RowDataPacket[]> => (await own.sql.query<RowDataPacket[]>(`SELECT * FROM ${config.TICKETS_TABLE} ORDER BY ticket_id`))[0],
    due: own.readDue,
  }
}

export type Service = Awaited<ReturnType<typeof createService<Stores>>>

interface LogLine { level: number, msg: string, ticket_id?: number, [name: string]: unknown }

/** The service's log, to be waited for: a test says which line it expects next. */
function createLines () {
  const all: LogLine[] = []
  const raw: string[] = []
  const written = new EventEmitter()
  return {
    all,
    /** As they were written, with the line feed. */
    raw,
    write (line: string) {
      raw.push(line)
      all.push(JSON.parse(line) as LogLine)
      written.emit('line')
    },
    /** Resolves with the first line that fits, now or later. */
    async waitFor (fits: (line: LogLine) => boolean): Promise<LogLine> {
      for (;;) {
        const line = all.find(fits)
        if (line) return line
        await once(written, 'line')
      }
    },
  }
}

/** Resolves when `check` does not throw; for what another process brings about. Rejects with its error after 20 s. */
export async function eventually<T> (check: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + 20_000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
      await new Promise(resolve => { setTimeout(resolve, 20) })
    }
  }
}
