/** What `npm run import -- ...` can be told. */
import { readFileSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Failure } from '../lib/main.mjs'

export const USAGE = `Usage: npm run import -- FILE [OPTION...]
  FILE                  tickets, one a line: .ndjson (or .jsonl), or .csv with a line of names first
  --url URL             of the service; default: http://127.0.0.1:3000
  --key-file FILE       holds an API key with the scopes read and write; default: the variable TICKETS_API_KEY
  --format ndjson|csv   default: by the end of the file's name
  --parallel N          batches under way at a time, 1 to 16; default: 4
  --restart             begins at the beginning, whatever was done before
  --help                show this text`

const FORMATS = ['ndjson', 'csv'] as const

export type Format = typeof FORMATS[number]

export interface Options {
  file: string
  /** Bytes of the file. */
  size: number
  format: Format
  url: URL
  key: string | undefined
  parallel: number
  isRestart: boolean
}

/**
 * @returns undefined: the usage was asked for
 * @throws {Failure}
 */
export function readOptions (args: string[], environment: NodeJS.ProcessEnv): Options | undefined {
  const { values, positionals } = parse(args)
  if (values.help) return undefined
  const [file, ...rest] = positionals
  if (file === undefined || rest.length > 0) throw new Failure(`Name one file.\n\n${USAGE}`)
  const stats = statSync(file, { throwIfNoEntry: false })
  if (!stats?.isFile()) throw new Failure(`There is no file ${file}`)
  const parallel = Number(values.parallel ?? 4)
  if (!Number.isInteger(parallel) || parallel < 1 || parallel > 16) throw new Failure(`--parallel must be an integer from 1 to 16\n\n${USAGE}`)
  const keyFile = values['key-file']
  return {
    file,
    size: stats.size,
    format: formatOf(values.format ?? /\.(\w+)$/.exec(file)?.[1]?.toLowerCase().replace('jsonl', 'ndjson') ?? ''),
    url: urlOf(values.url ?? 'http://127.0.0.1:3000'),
    key: keyFile === undefined ? environment.TICKETS_API_KEY : readKey(keyFile),
    parallel,
    isRestart: values.restart ?? false,
  }
}

function parse (args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        'key-file': { type: 'string' },
        format: { type: 'string' },
        parallel: { type: 'string' },
        restart: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new Failure(`${(error as Error).message}\n\n${USAGE}`)
  }
}

function formatOf (name: string): Format {
  const format = FORMATS.find(format => format === name)
  if (!format) throw new Failure(`Say --format ndjson or --format csv: the file's name does not end with either\n\n${USAGE}`)
  return format
}

/** Without the slash at its end. */
function urlOf (text: string): URL {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new Failure(`--url must be a URL such as http://127.0.0.1:3000\n\n${USAGE}`)
  return new URL(text.replace(/\/+$/, ''))
}

function readKey (file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Failure(`--key-file cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}
