/** What `npm run bench -- ...` may be told. */
import { parseArgs } from 'node:util'
import { Failure } from '../../scripts/lib/main.mjs'

export const USAGE = `Usage: npm run bench [-- OPTION...]
  --quick              a few short rounds: shows that it works, its figures are no claim
  --only NAME[,NAME]   only these measures; may be given again
  --rounds NUMBER      rounds of each comparison, instead of its own number
  --out DIRECTORY      where the results go, instead of bench/results
  --list               name the measures
  --help               this text`

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {string[]} [only] in the order of `names`
 * @property {number} [rounds]
 * @property {boolean} isWhole everything is measured, in full
 * @property {string} [out]
 * @property {boolean} list
 * @property {boolean} help
 */

/**
 * @param {string[]} args
 * @param {readonly string[]} names of the measures
 * @returns {Options}
 */
export function readOptions (args, names) {
  const { values } = parse(args)
  const only = values.only?.flatMap((list) => list.split(',')).map((name) => name.trim())
  const unknown = only?.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Failure(`"${unknown}" is not a measure. There are ${names.join(', ')}.\n\n${USAGE}`)
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1)) {
    throw new Failure(`--rounds ${values.rounds}: give a whole number, 1 or more.\n\n${USAGE}`)
  }
  return {
    quick: values.quick ?? false,
    only: only && names.filter((name) => only.includes(name)),
    rounds,
    isWhole: !values.quick && !only && rounds === undefined,
    out: values.out,
    list: values.list ?? false,
    help: values.help ?? false,
  }
}

/** @param {string[]} args */
function parse (args) {
  try {
    return parseArgs({
      args,
      options: {
        quick: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        out: { type: 'string' },
        list: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new Failure(`${/** @type {Error} */ (error).message}\n\n${USAGE}`)
  }
}
