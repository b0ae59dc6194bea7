/**
 * Writes the WordPress plugin as a zip for *Plugins > Add New > Upload Plugin*: `npm run plugin:zip [-- DIRECTORY]`.
 * It prints the path. The same files give the same bytes on every machine, so that a published checksum can be verified.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { zipSync } from 'fflate'
import { Failure, main } from './lib/main.mjs'
import { ROOT } from './lib/project.mjs'

const NAME = 'ticket-metadata'
const PLUGIN = join(ROOT, 'wordpress', NAME)

/** A zip holds local time. Given in local time, it is the same in every time zone. */
const MODIFIED_AT = new Date(2020, 0, 1)

/** A regular file that everybody may read, as Unix has it in the upper half of a zip's attributes. */
const ATTRIBUTES = { os: 3, attrs: 0o100644 * 2 ** 16 }

await main(async () => {
  const directory = resolve(process.argv[2] ?? join(ROOT, 'build'))
  const file = join(directory, `${NAME}-${pluginVersion()}.zip`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(file, zipSync(Object.fromEntries(entries()), { level: 9, mtime: MODIFIED_AT, ...ATTRIBUTES }))
  console.log(file)
})

/** @returns {string} as WordPress reads it from the plugin's header */
function pluginVersion () {
  const [, version] = /^ \* Version: +(\d\S*)$/m.exec(readFileSync(join(PLUGIN, `${NAME}.php`), 'utf8')) ?? []
  if (!version) throw new Failure(`${NAME}.php has no version in its header`)
  return version
}

/** @returns {[string, Buffer][]} path and content, in the order of their paths: WordPress's folder is the plugin's name */
function entries () {
  const paths = readdirSync(PLUGIN, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PLUGIN, join(entry.parentPath, entry.name)).split(sep).join('/'))
    // What an editor or a file manager left behind.
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
  const sources = [...paths.map((path) => ({ path, source: join(PLUGIN, path) })), { path: 'LICENSE', source: join(ROOT, 'LICENSE') }]
  return sources
    .sort((one, other) => (one.path < other.path ? -1 : 1))
    .map(({ path, source }) => [`${NAME}/${path}`, readFileSync(source)])
}
