/** A server that reads its port from a file, which is written anew for each port that is tried. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../../scripts/lib/server.mjs'

/**
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.directory
 * @param {string} options.fileName
 * @param {(port: number) => string} options.configFor the text of the file
 * @param {string} options.binary
 * @param {(file: string) => string[]} options.argsFor
 * @param {import('../lib/cores.mjs').Cores['underTest']} options.wrap
 * @param {(port: number) => Promise<boolean>} options.isReady
 */
export async function startConfigured ({ name, directory, fileName, configFor, binary, argsFor, wrap, isReady }) {
  const file = join(directory, fileName)
  const { command, args } = wrap(binary, argsFor(file))
  return startServer({
    name,
    directory,
    command,
    args (port) {
      writeFileSync(file, configFor(port), { mode: 0o600 })
      return args
    },
    mark: file,
    isReady,
  })
}
