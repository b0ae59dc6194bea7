/** One quickstart at a time on one directory. */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { own } from '../lib/lifecycle.mjs'
import { Failure } from '../lib/main.mjs'
import { commandOf } from '../lib/processes.mjs'

/**
 * Holds the directory until this process ends.
 * @param {string} directory
 */
export function lock (directory) {
  const file = join(directory, 'quickstart.pid')
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, String(process.pid))
  try {
    while (!tryLink(draft, file)) {
      const holder = Number(readFileSync(file, 'utf8'))
      if (commandOf(holder).includes('quickstart.mjs')) {
        throw new Failure(`A quickstart already runs here, as process ${holder}. Stop it with Ctrl-C in its terminal, or:\n  kill ${holder}`)
      }
      // Its holder was killed before it could remove it.
      rmSync(file)
    }
  } finally {
    rmSync(draft)
  }
  const unlock = () => rmSync(file, { force: true })
  own({ stop: async () => unlock(), abandon: unlock })
}

/**
 * A link appears with its content, and only where there is none: two starters cannot both succeed.
 * @param {string} from
 * @param {string} to
 */
function tryLink (from, to) {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}
