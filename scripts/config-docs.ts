/** Writes .env.example and the table of docs/configuration.md from the one schema of the environment: `npm run config-docs`. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { TSchema } from 'typebox'
import { Environment } from '../src/config.ts'

const ENV_EXAMPLE = new URL('../.env.example', import.meta.url)
const PAGE = new URL('../docs/configuration.md', import.meta.url)

/** The table stands between these lines of the page. */
const START = '<!-- configuration: written by npm run config-docs -->'
const END = '<!-- end of configuration -->'

interface Variable { name: string, value: string, description: string }

function variables (): Variable[] {
  return Object.entries(Environment.properties as Record<string, TSchema>).map(([name, schema]) => {
    const { default: value = '', description } = schema as { default?: unknown, description: string }
    return { name, value: String(value), description }
  })
}

const HEAD = `# Every variable of the service with its default. NAME_FILE may hold the path of a file with the value of NAME.
# For docker compose only API_KEYS, REDIS_PASSWORD (both below) and MYSQL_PASSWORD are needed. The passwords become part
# of what other programs parse: use letters, digits, - and _.
#MYSQL_PASSWORD=
# For docker compose --profile observability: a key with the scope ops, and the password of Grafana's user admin.
#PROMETHEUS_KEY=
#GRAFANA_PASSWORD=
`

export function envExample (): string {
  return HEAD + variables().map(({ name, value, description }) => `\n# ${description}\n#${name}=${value}\n`).join('')
}

/** @returns the page with its table brought up to date */
export function withTable (page: string): string {
  const rows = variables().map(({ name, value, description }) =>
    `| \`${name}\` | ${value === '' ? '' : `\`${value}\``} | ${description.replaceAll('|', '\\|')} |`)
  const table = ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
  const [before, rest] = page.split(START)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`docs/configuration.md lacks the lines ${START} and ${END}`)
  return `${before}${START}\n${table}\n${END}${after}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(ENV_EXAMPLE, envExample())
  await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8')))
}
