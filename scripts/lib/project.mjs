/** This project's folder, and what its npm packages bring. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * @param {string} name
 * @returns {string} the path of a command that an npm package brings
 */
export function packageCommand (name) {
  return join(ROOT, 'node_modules', '.bin', name)
}
