/** This project's folder and its npm packages. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { step } from './progress.mjs'
import { run } from './run.mjs'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * @param {string} name
 * @returns {string} the path of a command that an npm package brings
 */
export function packageCommand (name) {
  return join(ROOT, 'node_modules', '.bin', name)
}

/** Installs the npm packages, unless they are all there in the versions of package-lock.json. */
export async function ensurePackages () {
  if (hasPackages()) return
  await step('Installing the npm packages with npm ci (a minute or two)', () => (
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT })
  ))
}

function hasPackages () {
  // npm writes this file last, so that an interrupted installation has none.
  const installed = readLock('node_modules/.package-lock.json')
  if (!installed) return false
  return Object.entries(readLock('package-lock.json') ?? {}).every(([path, { version, optional }]) => (
    path === '' || optional || installed[path]?.version === version
  ))
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined} the packages by path
 */
function readLock (file) {
  const path = join(ROOT, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}
