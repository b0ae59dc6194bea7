/** A server that reads its port from a file, which is written anew for each port that is tried. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from './server.mjs'

/** @typedef {(command: string, args: string[]) => { command: string, args: string[] }} Wrap how to start a program, where that is not as it is */

/**
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.directory
 * @param {string} options.fileName
 * @param {(port: number) => string} options.configFor the text of the file
 * @param {string} options.binary
 * @param {(file: string) => string[]} options.argsFor
 * @param {Wrap} [options.wrap]
 * @param {(port: number) => Promise<boolean>} options.isReady
 */
export async function startConfigured ({ name, directory, fileName, configFor, binary, argsFor, wrap = (command, args) => ({ command, args }), isReady }) {
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
