/** Where and how was measured: without it no figure means anything. */
import { spawnSync } from 'node:child_process'
import { cpus, release, tmpdir, totalmem, type } from 'node:os'
import { findExecutables, findMariadb, findRedis } from '../../scripts/lib/binaries.mjs'
import { PHP_FPM } from '../../scripts/lib/bench-programs.mjs'
import { ROOT } from '../../scripts/lib/project.mjs'
import type { Cores } from './cores.ts'
import { createPlan, type Options } from './options.ts'
import { WARMUP_FACTOR } from './php-site.ts'
import { FLUSHED_ON_REQUEST, MARIADB, PRODUCTION } from './stage.ts'

export interface Environment {
  date: string
  revision: string
  machine: string
  versions: Record<string, string>
  pinning: string
  /** Sentences. */
  settings: readonly string[]
  mode: string
  /** What the host of a virtual machine kept for others meanwhile, as a share of all processor time, where that is counted. */
  stolen?: number | undefined
}

/** What a run writes itself: no change of what it measures. */
const OWN_OUTPUT = ['bench/results', 'docs/performance.md', 'README.md']

export function describeEnvironment (cores: Cores, options: Options): Environment {
  const { quick, only } = options
  return {
    date: new Date().toISOString().slice(0, 10),
    revision: revision(),
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    versions: versions(),
    pinning: cores.description,
    settings: settings(createPlan(options)),
    mode: `${quick ? 'quick: its figures are no claim' : 'full'}${only ? `; only ${only.join(', ')}` : ''}`,
  }
}

function settings ({ sliceSeconds, warmup }: { sliceSeconds: number, warmup: number }): string[] {
  const list = (variables: Record<string, string>) => Object.entries(variables).map(pair => pair.join('=')).join(', ')
  return [
    `The service runs as in production: one API key, sent with each request; ${list(PRODUCTION)}; metrics on; logs to a file, in which a successful request has no line at this level. ` +
    `Everything else has its default, indexes and change log included, except where flushes are measured or counted: ${list(FLUSHED_ON_REQUEST)}, so that only the requested flush runs.`,
    'Redis: appendonly yes, appendfsync everysec, no rewrite of its file meanwhile. ' +
    `MariaDB: a commit to disk per transaction, a buffer pool of ${MARIADB.bufferPoolBytes / 2 ** 20} MB${filesystem()}.`,
    'Webdis: one thread, one connection to Redis. The route with an INSERT per request: prepared statements, a pool of 32 connections. ' +
    'PHP: php-fpm with opcache; the reused connection is pfsockopen with HTTP written by hand, because a cURL handle of PHP 8.2 ends with its request. The plugin reuses its connection, too.',
    `What competes is measured in turns, a slice of ${sliceSeconds} s each unless it says otherwise, in a new order per round. Rounds to warm up, which do not count: ${warmup}; in these, pages that call the service have ${WARMUP_FACTOR} times as long. ` +
    'Figures are medians of the rounds. A ratio is the median of each round\'s own ratio, with its quartiles; results.json holds every round. ' +
    'For POST, PATCH and GET, the service and the bare route run in two processes each, and a figure is the mean of both.',
    'Behind a figure: CPU time of the process under test per request or ticket, and how busy that kept it (100 % are one core).',
  ]
}

/** @returns where it can be said: on one in memory, what goes to disk costs nothing */
function filesystem (): string {
  const { status, stdout } = spawnSync('stat', ['--file-system', '--format', '%T', tmpdir()], { encoding: 'utf8' })
  return status === 0 ? `. The data of both is on ${stdout.trim()}` : ''
}

function revision (): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? ''
  const commit = git('rev-parse', '--short=12', 'HEAD')
  if (!commit) return 'unknown'
  return `${commit}${git('status', '--porcelain', '--', ...OWN_OUTPUT.map(path => `:!${path}`)) ? ' with uncommitted changes' : ''}`
}

/** @returns of what is there */
function versions (): Record<string, string> {
  const redis = findRedis()
  const mariadb = findMariadb()
  const asked = {
    wrk: versionOf('wrk', ['-v']),
    // It cannot be asked.
    Webdis: findExecutables(['webdis']).length > 0 ? versionOf('dpkg-query', ['--show', 'webdis']) : '',
    nginx: versionOf('nginx', ['-v']),
    PHP: versionOf(PHP_FPM.find(), ['-v']),
  }
  return {
    Node: process.versions.node,
    ...(redis && { Redis: redis.version }),
    ...(mariadb && { [mariadb.product === 'mysql' ? 'MySQL' : 'MariaDB']: mariadb.version }),
    ...Object.fromEntries(Object.entries(asked).filter(([, version]) => version !== '')),
  }
}

/** @param program a name or a path */
function versionOf (program: string | undefined, args: string[]): string {
  const path = program && (program.includes('/') ? program : findExecutables([program])[0])
  if (!path) return ''
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' })
  return /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? ''
}
