/**
 * Runs a script on the Node that the project is developed on: `node scripts/with-node.mjs SCRIPT [ARGUMENT...]`.
 * Installs the npm packages first when they are missing; one of them, `node`, is that Node. This file alone runs on
 * Node 20 and before any package is there, so that a fresh clone needs nothing else: it imports nothing of the project.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The oldest that runs TypeScript as it is and has all that the code uses; `engines` in package.json says it too. */
const NODE_MIN = 24
const ROOT = fileURLToPath(new URL('..', import.meta.url))

const [script = '', ...args] = process.argv.slice(2)

process.exitCode = await installPackages()
if (process.exitCode === 0) {
  const node = findNode()
  if (node === realpathSync(process.execPath)) {
    process.argv = [node, resolve(script), ...args]
    await import(pathToFileURL(resolve(script)).href)
  } else {
    process.exitCode = node ? await run(node, [resolve(script), ...args]) : 1
  }
}

/** @returns {Promise<number>} 0 when they are all there in the versions of package-lock.json, else npm's exit status */
async function installPackages () {
  // npm writes this file last, so that an interrupted installation has none.
  const installed = readLock('node_modules/.package-lock.json')
  const isInstalled = installed && Object.entries(readLock('package-lock.json') ?? {}).every(([path, { version, optional }]) => (
    path === '' || optional || installed[path]?.version === version
  ))
  if (isInstalled) return 0
  console.error('Installing the npm packages with npm ci (a minute or two)')
  return run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined} the packages by path
 */
function readLock (file) {
  const path = join(ROOT, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}

/** @returns {string | undefined} the Node of the npm package; without it, the one that runs this, if it will do */
function findNode () {
  const pinned = join(ROOT, 'node_modules/.bin/node')
  if (existsSync(pinned)) return realpathSync(pinned)
  if (Number(process.versions.node.split('.', 1)[0]) >= NODE_MIN) return realpathSync(process.execPath)
  console.error(`
This is Node ${process.version}, and the project needs ${NODE_MIN} or newer.

The npm package node brings one, but its install script did not run. Run it:
  npm rebuild node
Or put Node ${NODE_MIN} or newer into PATH.`)
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>} its exit status, which is a shell's where a signal ended it
 */
async function run (command, args) {
  const child = spawn(command, args, { cwd: command === 'npm' ? ROOT : undefined, stdio: 'inherit' })
  // A terminal's Ctrl-C reaches it without this process, which waits for it to end in order.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => { if (signal === 'SIGTERM') child.kill(signal) })
  }
  const [status, signal] = await once(child, 'exit')
  return status ?? 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)]
}
