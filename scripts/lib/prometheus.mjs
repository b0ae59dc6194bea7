/** A private Prometheus. */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { findExecutables, isAtLeast } from './binaries.mjs'
import { LOOPBACK } from './loopback.mjs'
import { ownDirectory, startServer } from './server.mjs'

/** The one of Debian 12. Older ones are not known to read deploy/prometheus. */
const OLDEST = '2.42'

/** @returns {{ prometheus: string, promtool: string } | undefined} the server, and the tool that comes with it */
export function findPrometheus () {
  const prometheus = findExecutables(['prometheus']).find(isRecent)
  // Beside the server first: another one's would judge by other rules.
  const [promtool] = prometheus ? findExecutables(['promtool'], [dirname(prometheus)]) : []
  return prometheus && promtool ? { prometheus, promtool } : undefined
}

/** @param {string} path */
function isRecent (path) {
  const { stdout, stderr } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  const [, version] = /version ([\d.]+)/.exec(`${stdout}${stderr}`) ?? []
  return version !== undefined && isAtLeast(version, OLDEST)
}

/**
 * @typedef {object} PrometheusOptions
 * @property {string} directory holds what it records and its log
 * @property {string} configFile prometheus.yml; paths in it start from its directory
 */

/**
 * Starts Prometheus on the loopback interface.
 * @param {PrometheusOptions} options
 * @returns {Promise<import('./server.mjs').Server & { url: string }>}
 */
export async function startPrometheus ({ directory, configFile }) {
  const found = findPrometheus()
  if (!found) throw new Error('there is no Prometheus on this machine')
  const path = ownDirectory(directory)
  const data = join(path, 'data')
  const server = await startServer({
    name: 'Prometheus',
    directory: path,
    command: found.prometheus,
    args: (port) => [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=${LOOPBACK}:${port}`,
    ],
    mark: data,
    isReady: async (port) => {
      // A refused connection is an answer too: not yet.
      const response = await fetch(`http://${LOOPBACK}:${port}/-/ready`).catch(() => undefined)
      await response?.body?.cancel()
      return response?.status === 200
    },
  })
  return Object.assign(server, { url: `http://${LOOPBACK}:${server.port}` })
}
