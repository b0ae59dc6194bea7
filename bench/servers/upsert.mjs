/** Starts raw-upsert.mjs on the core of what is under test. */
import { fileURLToPath } from 'node:url'
import { run } from '../../scripts/lib/run.mjs'

const PROGRAM = fileURLToPath(new URL('raw-upsert.mjs', import.meta.url))

/**
 * @param {object} options
 * @param {import('../lib/stage.mjs').Redis} options.redis
 * @param {import('../lib/stage.mjs').Mariadb} options.mariadb
 * @param {string} options.table
 * @param {number} options.batchSize
 * @param {{ first: number, count: number }} options.ids
 * @param {import('../lib/cores.mjs').Cores['underTest']} options.wrap
 * @returns {Promise<number>} rows a second
 */
export async function runUpsert ({ redis, mariadb, table, batchSize, ids, wrap }) {
  const { command, args } = wrap(process.execPath, [PROGRAM, table, ...[batchSize, ids.first, ids.count].map(String)])
  let rate = NaN
  await run(command, args, {
    env: { PATH: process.env.PATH, REDIS_URL: redis.url, MYSQL_URL: mariadb.url },
    note: (line) => { rate = Number(line) },
  })
  return rate
}
