import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { RowDataPacket } from 'mysql2/promise'
import type { Test } from 'tap'
import { findWordpress } from '../../../scripts/lib/wordpress.mjs'
import { createStores } from '../../helper.ts'

const SCRIPT = fileURLToPath(new URL('wordpress.php', import.meta.url))

/** The tickets' own, which wordpress.php registers, as a help desk does. */
export const POST_TYPE = 'ticket'

/** Look-ups have a second, for a caller who waits. Tests that ask for many tickets themselves wait for their answer. */
export const PATIENT_MS = 30_000

/** A function of WordPress and its arguments. */
export type Call = [name: string, ...args: unknown[]]

export interface SiteOptions { prefix?: string, mysql?: string }

/** Stores of the test's own with the tables of a real WordPress in the database, made by its own installer. */
export async function createSite (t: Test, { prefix = 'wp_', mysql }: SiteOptions = {}) {
  const wordpress = findWordpress()
  if (!wordpress) throw new Error('there is no WordPress on this machine: run the tests with npm test')
  const stores = await createStores(t, { mysql })
  const content = mkdtempSync(join(tmpdir(), 'wordpress-'))
  t.teardown(() => { rmSync(content, { recursive: true, force: true }) })
  const url = new URL(stores.variables.MYSQL_URL as string)

  async function run (request: { install: boolean, calls: Call[] }): Promise<unknown[]> {
    const php = spawn(wordpress!.php, [SCRIPT], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        WORDPRESS_DIRECTORY: wordpress!.directory,
        WORDPRESS_CONTENT: content,
        WORDPRESS_TABLE_PREFIX: prefix,
        WORDPRESS_DB_HOST: url.host,
        WORDPRESS_DB_NAME: url.pathname.slice(1),
        WORDPRESS_DB_USER: url.username,
        WORDPRESS_DB_PASSWORD: url.password,
      },
    })
    php.stdin.end(JSON.stringify(request))
    const [answer, errors, [status]] = await Promise.all([text(php.stdout), text(php.stderr), once(php, 'close')])
    if (status !== 0) throw new Error(`WordPress ended with status ${status}: ${errors}${answer}`)
    return JSON.parse(answer) as unknown[]
  }

  await run({ install: true, calls: [] })
  const tables = (name: string) => `${prefix}${name}`

  /** Calls functions of WordPress, all in one process, and resolves with their results. */
  const calls = (...list: Call[]) => run({ install: false, calls: list })

  return {
    stores,
    variables: {
      SYNC_TARGET: 'wordpress',
      WORDPRESS_TABLE_PREFIX: prefix,
      WORDPRESS_POST_TYPE: POST_TYPE,
      // A statement of a flush has a fourth of it, up to 10 s. A machine that runs many tests needs more than by default.
      SHUTDOWN_GRACE_MS: 40_000,
    },
    calls,

    /** Calls one function of WordPress. */
    call: async <T>(...call: Call): Promise<T> => (await calls(call))[0] as T,

    /** Makes posts as a plugin would, and resolves with their ids. */
    posts: (count: number, fields: object = {}) =>
      calls(...Array.from({ length: count }, (_, i): Call => ['wp_insert_post', { post_type: POST_TYPE, post_title: `Ticket ${i}`, post_status: 'publish', post_content: 'Help', ...fields }, true])) as Promise<number[]>,

    /** A post and its meta, a value for each key, as WordPress shows them to its plugins. */
    async seen (id: number) {
      const [post, all] = await calls(['get_post', id], ['get_post_meta', id]) as [Record<string, unknown>, Record<string, unknown[]>]
      const keys = Object.keys(all)
      const values = await calls(...keys.map((key): Call => ['get_post_meta', id, key, true]))
      return { post, meta: Object.fromEntries(keys.map((key, i) => [key, values[i]])) }
    },

    /** All rows of meta of a post that the service writes, as they are stored. */
    async meta (id: number): Promise<RowDataPacket[]> {
      return (await stores.sql.query<RowDataPacket[]>(`SELECT * FROM ${tables('postmeta')} WHERE post_id = ? AND meta_key LIKE '\\_ticket\\_%' ORDER BY meta_id`, [id]))[0]
    },
  }
}

export type Wordpress = Awaited<ReturnType<typeof createSite>>
