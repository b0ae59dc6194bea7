/** A web server of this folder, in a Node of its own. */
import { fileURLToPath } from 'node:url'
import { isListening, LOOPBACK } from '../../scripts/lib/loopback.mjs'
import { startServer } from '../../scripts/lib/server.mjs'

/**
 * @param {object} options
 * @param {string} options.name for messages
 * @param {string} options.directory
 * @param {string} options.program a file of this folder, which takes the port as its first argument
 * @param {readonly string[]} options.args what follows the port
 * @param {Record<string, string>} [options.env]
 * @param {import('../lib/cores.mjs').Cores['underTest']} options.wrap
 */
export async function startNode ({ name, directory, program, args, env, wrap }) {
  const file = fileURLToPath(new URL(program, import.meta.url))
  const { command, args: before } = wrap(process.execPath, [file])
  const server = await startServer({
    name,
    directory,
    command,
    args: (port) => [...before, String(port), ...args],
    mark: file,
    env: { PATH: process.env.PATH, ...env },
    isReady: isListening,
  })
  return Object.assign(server, { url: `http://${LOOPBACK}:${server.port}`, endsBy: /** @type {const} */ ('SIGTERM') })
}
