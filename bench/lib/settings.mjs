/** How everything is set that is measured, in sentences. */
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { FLUSHED_WHEN_ASKED, MARIADB, PRODUCTION } from './stage.mjs'

/**
 * @param {import('./plan.mjs').Plan} plan
 * @returns {string[]}
 */
export function settingsOf ({ sliceSeconds, warmup }) {
  const list = (/** @type {Record<string, string>} */ variables) => Object.entries(variables).map((pair) => pair.join('=')).join(', ')
  return [
    `The service as in production: one API key, sent with each request, ${list(PRODUCTION)}; metrics on; logs to a file, in which at this level a request that succeeds has no line.`,
    `All else by default, but where flushes are measured or counted it is ${list(FLUSHED_WHEN_ASKED)}, and a flush is one that was asked for.`,
    'Redis with appendonly yes and appendfsync everysec, its file not rewritten meanwhile; ' +
    `MariaDB with a commit to disk for each transaction and a buffer pool of ${MARIADB.bufferPoolBytes / 2 ** 20} MB${filesystem()}.`,
    'Webdis with one thread and one connection to Redis; an INSERT for each request with prepared statements over a pool of 32 connections.',
    'PHP under php-fpm, one process a request: the reused connection is pfsockopen\'s, with HTTP written by hand, because PHP 8.2\'s cURL cannot keep one.',
    `A slice of load is ${sliceSeconds} s unless it says otherwise; rounds of such slices to warm up: ${warmup}.`,
  ]
}

/** @returns {string} where it can be said: on one in memory, what goes to disk costs nothing */
function filesystem () {
  const { status, stdout } = spawnSync('stat', ['--file-system', '--format', '%T', tmpdir()], { encoding: 'utf8' })
  return status === 0 ? `; their data on ${stdout.trim()}` : ''
}
