/** A directory for one run: gone afterwards, with every server that still runs in it. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endLeftovers } from './leftovers.mjs'
import { own } from './lifecycle.mjs'
import { commandOf } from './processes.mjs'

const PREFIX = 'ticket-metadata-'

/**
 * Creates it, and first removes those of runs that were killed before they could do so.
 * @returns {Promise<string>}
 */
export async function temporaryDirectory () {
  for (const directory of abandonedDirectories()) await remove(directory)
  const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  own({ stop: () => remove(directory), abandon: () => {} })
  return directory
}

/** @param {string} directory */
async function remove (directory) {
  await endLeftovers(directory)
  rmSync(directory, { recursive: true, force: true })
}

function abandonedDirectories () {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(PREFIX) && commandOf(Number.parseInt(name.slice(PREFIX.length), 10)) === '')
    .map((name) => join(tmpdir(), name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.())
}
