import assert from 'node:assert'
import { cpSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { createStores, eventually, privateDirectory } from '../helper.ts'
import { startServer } from '../server-process.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The service without a cache: its own node_modules hold links to the packages. */
function install (t: Test) {
  const directory = privateDirectory(t)
  for (const name of ['src', 'plugins', 'routes', 'migrations', 'package.json']) cpSync(join(ROOT, name), join(directory, name), { recursive: true })
  mkdirSync(join(directory, 'node_modules'))
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name))
  }
  return { directory, server: join(directory, 'src/server.ts'), packages: join(directory, 'node_modules'), cache: join(directory, 'node_modules/.cache/ticket-metadata-service') }
}

/** As it is started where no variable names a cache. */
const start = (t: Test, variables: object, server: string) => startServer(t, { ...variables, NODE_COMPILE_CACHE: '' }, undefined, undefined, server)

const filesOf = (directory: string) => readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))

/** A service that was killed as soon as it had kept what it compiled. */
async function runOnce (t: Test, variables: object) {
  const { server, packages, cache } = install(t)
  const { child, exited, url } = start(t, variables, server)
  await url()
  await eventually(async () => { assert(filesOf(cache).length > 200) })
  child.kill('SIGKILL')
  await exited
  return { server, packages, cache, files: filesOf(cache) }
}

/** Right after the start it may be overloaded. */
const answers = (url: string) => eventually(async () => { assert.equal((await fetch(`${url}/tickets/1`)).status, 404) })

t.test('what is compiled is kept beside the packages, also when the process is killed', async t => {
  const { variables } = await createStores(t)
  const { server, files } = await runOnce(t, variables)
  const times = new Map(files.map(file => [file, statSync(file).mtimeMs]))
  const second = start(t, variables, server)
  await second.url()
  second.child.kill('SIGTERM')
  t.equal(await second.exited, 0)
  t.strictSame(files.filter(file => statSync(file).mtimeMs !== times.get(file)), [], 'nothing of it was compiled anew')
})

t.test('npm start keeps the entry, too, in the same place: with its types, Node would load a compiler for them', async t => {
  const { variables } = await createStores(t)
  const { directory, cache } = install(t)
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } }
  const npmStart = () => startServer(t, { ...variables, NODE_COMPILE_CACHE: '', NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }, directory, ['sh', '-c', scripts.start])
  const first = npmStart()
  await first.url()
  await eventually(async () => { assert(filesOf(cache).length > 200) })
  first.child.kill('SIGTERM')
  t.equal(await first.exited, 0)
  const { child, exited, lines, url } = npmStart()
  await url()
  child.kill('SIGTERM')
  t.equal(await exited, 0)
  t.match(lines.filter(line => line.includes('retrieving transpile cache') && line.includes('src/server.ts')), [/success$/])
  t.strictSame(readdirSync(join(directory, 'node_modules/.cache')), ['ticket-metadata-service'])
})

t.test('a cache that is damaged is made anew', async t => {
  const { variables } = await createStores(t)
  const { server, files } = await runOnce(t, variables)
  const sizes = new Map(files.map(file => [file, statSync(file).size]))
  files.forEach((file, i) => {
    if (i % 2 === 0) truncateSync(file, Math.floor(sizes.get(file)! / 2))
    else writeFileSync(file, 'x')
  })
  const second = start(t, variables, server)
  await answers(await second.url())
  await eventually(async () => { assert(files.filter(file => statSync(file).size === sizes.get(file)).length > files.length / 2) })
})

t.test('without a place for a cache it starts, too', async t => {
  const { variables } = await createStores(t)
  const { server, packages } = install(t)
  // A file, because the rights of a directory do not keep root out.
  writeFileSync(join(packages, '.cache'), '')
  await answers(await start(t, variables, server).url())
})
