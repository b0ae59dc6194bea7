/** Where and how was measured: without it no figure means anything. */
import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import { findExecutables, findMariadb, findRedis } from '../../scripts/lib/binaries.mjs'
import { PHP_FPM } from '../../scripts/lib/bench-programs.mjs'
import { ROOT } from '../../scripts/lib/project.mjs'
import { createPlan } from './plan.mjs'
import { settingsOf } from './settings.mjs'

/**
 * @typedef {object} Environment
 * @property {string} date
 * @property {string} revision
 * @property {string} machine
 * @property {Record<string, string>} versions
 * @property {string} pinning
 * @property {readonly string[]} settings sentences
 * @property {string} mode
 * @property {import('./steal.mjs').Steal} [steal] where it was counted
 */

/**
 * @param {import('./cores.mjs').Cores} cores
 * @param {import('./options.mjs').Options} options
 * @returns {Environment}
 */
export function describeEnvironment (cores, options) {
  const { quick, only, rounds } = options
  return {
    date: new Date().toISOString().slice(0, 10),
    revision: revision(),
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    versions: versions(),
    pinning: cores.description,
    settings: settingsOf(createPlan(options)),
    mode: [quick ? 'quick: its figures are no claim' : 'full', ...(only ? [`only ${only.join(', ')}`] : []), ...(rounds === undefined ? [] : [`rounds of each: ${rounds}`])].join('; '),
  }
}

function revision () {
  const git = (/** @type {string[]} */ ...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? ''
  const commit = git('rev-parse', '--short=12', 'HEAD')
  if (!commit) return 'unknown'
  // What a run writes itself is no change of what it measures.
  const changed = git('status', '--porcelain', '--', ':!bench/results', ':!README.md')
  return `${commit}${changed ? ' with uncommitted changes' : ''}`
}

/** @returns {Record<string, string>} of what is there */
function versions () {
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
    Node: process.version.slice(1),
    ...(redis && { Redis: redis.version }),
    ...(mariadb && { [mariadb.product === 'mysql' ? 'MySQL' : 'MariaDB']: mariadb.version }),
    ...Object.fromEntries(Object.entries(asked).filter(([, version]) => version !== '')),
  }
}

/**
 * @param {string | undefined} program a name or a path
 * @param {string[]} args
 */
function versionOf (program, args) {
  const path = program && (program.includes('/') ? program : findExecutables([program])[0])
  if (!path) return ''
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' })
  return /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? ''
}
