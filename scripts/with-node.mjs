/**
 * Runs a script on the Node that the project is developed on: `node scripts/with-node.mjs SCRIPT [ARGUMENT...]`.
 * Installs the npm packages first when they are missing; one of them, `node`, is that Node. This file and what it imports
 * run on Node 20, so that a fresh clone needs nothing else.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Failure, main } from './lib/main.mjs'
import { ensurePackages, packageCommand } from './lib/project.mjs'

/** The oldest that runs TypeScript as it is and has all that the code uses; `engines` in package.json says it too. */
const NODE_MIN = 24

const [script = '', ...args] = process.argv.slice(2)

await main(async () => {
  await ensurePackages()
  const node = findNode()
  if (node !== realpathSync(process.execPath)) {
    process.exitCode = await runWith(node)
    return
  }
  process.argv = [node, resolve(script), ...args]
  await import(pathToFileURL(resolve(script)).href)
})

/** @returns {string} the Node of the npm package; without it, the one that runs this, if it will do */
function findNode () {
  const pinned = packageCommand('node')
  if (existsSync(pinned)) return realpathSync(pinned)
  if (Number(process.versions.node.split('.', 1)[0]) >= NODE_MIN) return realpathSync(process.execPath)
  throw new Failure(`This is Node ${process.version}, and the project needs ${NODE_MIN} or newer.

The npm package node brings one, but its install script did not run. Run it:
  npm rebuild node
Or put Node ${NODE_MIN} or newer into PATH.`)
}

/**
 * @param {string} node
 * @returns {Promise<number>} its exit status
 */
async function runWith (node) {
  const child = spawn(node, [resolve(script), ...args], { stdio: 'inherit' })
  // A terminal's Ctrl-C reaches it without this process, which waits for it to end in order.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => { if (signal === 'SIGTERM') child.kill(signal) })
  }
  const [status] = await once(child, 'exit')
  return status ?? 1
}
