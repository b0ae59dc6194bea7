/**
 * Writes what the documentation says of variables and fields from the one table of each: .env.example, and the tables of
 * docs/configuration.md and docs/http-reference.md. `npm run docs`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { Environment } from '../src/config.ts'
import { SHOWN_FIELDS } from '../src/tickets/fields.ts'
import type { TSchema } from '../src/util/schema.ts'

const ENV_EXAMPLE = new URL('../.env.example', import.meta.url)

interface Variable { name: string, value: string, description: string }

function variables (): Variable[] {
  return Object.entries(Environment.properties as Record<string, TSchema>).map(([name, schema]) => {
    const { default: value = '', description } = schema as { default?: unknown, description: string }
    return { name, value: String(value), description }
  })
}

const HEAD = `# Every variable of the service with its default. NAME_FILE may hold the path of a file with the value of NAME.
# docker compose takes passwords and keys from files instead: see deploy/secrets.sh.
`

export function envExample (): string {
  return HEAD + variables().map(({ name, value, description }) => `\n# ${description}\n#${name}=${value}\n`).join('')
}

const toTable = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map(row => `| ${row.map(cell => cell.replaceAll('|', '\\|')).join(' | ').replaceAll('|  |', '| |')} |`).join('\n')

const variableTable = () => toTable(['variable', 'default', 'meaning'],
  variables().map(({ name, value, description }) => [`\`${name}\``, value === '' ? '' : `\`${value}\``, description]))

const SET_BY = {
  required: 'you; required on create',
  optional: { set: 'you; the service where you leave it out on create', 'set or remove': 'you', never: 'you on create, else the service' },
  never: 'the service',
} as const

function fieldTable (): string {
  const rows = SHOWN_FIELDS.map(({ name, schema, create, change, import: imported }) => {
    const { type, description } = schema as { type: string | string[], description: string }
    return [`\`${name}\``, [type].flat().join(' or '), description, (create === 'optional' ? SET_BY.optional[change] : SET_BY[create]) + (imported ? '; you on import' : '')]
  })
  return toTable(['field', 'type', 'meaning', 'set by'], [['`ticket_id`', 'integer', 'Yours: the id of a post or row, 1 to 2^53-1', 'you, in the path'], ...rows])
}

/** The pages with a table that is written here, and the name of the lines that it stands between. */
export const PAGES = [
  { file: 'docs/configuration.md', name: 'configuration', table: variableTable },
  { file: 'docs/http-reference.md', name: 'fields', table: fieldTable },
]

/** @returns the text of a page with its table brought up to date */
export function withTable (page: string, { file, name, table }: typeof PAGES[number]): string {
  const start = `<!-- ${name}: written by npm run docs -->`
  const end = `<!-- end of ${name} -->`
  const [before, rest] = page.split(start)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${file} lacks the lines ${start} and ${end}`)
  return `${before}${start}\n${table()}\n${end}${after}`
}

export const readPage = (file: string) => readFile(new URL(`../${file}`, import.meta.url), 'utf8')

if (import.meta.main) {
  await writeFile(ENV_EXAMPLE, envExample())
  for (const page of PAGES) await writeFile(new URL(`../${page.file}`, import.meta.url), withTable(await readPage(page.file), page))
}
