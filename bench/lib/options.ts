/** What `npm run bench -- ...` can be told, and how much is measured then. */
import { parseArgs } from 'node:util'
import { Failure } from '../../scripts/lib/main.mjs'

export const USAGE = `Usage: npm run bench [-- OPTION...]
  --quick              one short round of each: shows that everything works; its figures are no claim
  --only NAME[,NAME]   only these measures; may be repeated
  --out DIRECTORY      write the results there, and publish nothing
  --mysql-rows N       rows in MySQL beside which lists and counts are measured; default: 1000000, or 4000 with --quick
  --list               name the measures
  --help               show this text`

/** What a run has time to write. */
const MYSQL_ROWS = 1_000_000
const MYSQL_ROWS_QUICK = 4000
/** One of them each is written by the service. */
const MYSQL_ROWS_MIN = 1000

export interface Options {
  quick: boolean
  /** In the order of the names of all measures. */
  only?: string[] | undefined
  /** Without it, the default. */
  mysqlRows?: number | undefined
  /** Everything is measured, in full. */
  isWhole: boolean
  out?: string | undefined
  list: boolean
  help: boolean
}

/** @param names of all measures */
export function readOptions (args: string[], names: readonly string[]): Options {
  const { only: lists, out, quick = false, list = false, help = false, 'mysql-rows': rows } = parse(args)
  const only = lists?.flatMap(each => each.split(',')).map(name => name.trim())
  const unknown = only?.find(name => !names.includes(name))
  if (unknown !== undefined) throw new Failure(`"${unknown}" is not a measure. There are ${names.join(', ')}.\n\n${USAGE}`)
  const mysqlRows = rows === undefined ? undefined : Number(rows)
  if (mysqlRows !== undefined && !(Number.isInteger(mysqlRows) && mysqlRows >= MYSQL_ROWS_MIN)) throw new Failure(`--mysql-rows must be an integer from ${MYSQL_ROWS_MIN}\n\n${USAGE}`)
  const isWhole = !quick && !only && (mysqlRows ?? MYSQL_ROWS) >= MYSQL_ROWS
  return { quick, only: only && names.filter(name => only.includes(name)), mysqlRows, isWhole, out, list, help }
}

function parse (args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        quick: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        out: { type: 'string' },
        'mysql-rows': { type: 'string' },
        list: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    throw new Failure(`${(error as Error).message}\n\n${USAGE}`)
  }
}

export type Plan = ReturnType<typeof createPlan>

export function createPlan ({ quick, mysqlRows }: Pick<Options, 'quick' | 'mysqlRows'>) {
  const choose = <T>(full: T, few: T): T => quick ? few : full
  return {
    choose,
    /** What makes no claim is taken as it comes. */
    isStrict: !quick,
    /** Of load at a time. */
    sliceSeconds: choose(1, 0.6),
    /** Rounds that do not count: it takes that long until all code of a service is compiled. */
    warmup: choose(8, 1),
    mysqlRows: mysqlRows ?? choose(MYSQL_ROWS, MYSQL_ROWS_QUICK),
    rounds: (full: number) => choose(full, 1),
  }
}
