/** What a run leaves: JSON with everything, a table, a chart. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toSvg } from './svg.mjs'
import { toMarkdown } from './table.mjs'

/**
 * @typedef {object} Result
 * @property {import('../lib/environment.mjs').Environment} environment
 * @property {import('../lib/rows.mjs').Row[]} rows
 * @property {import('../lib/costs.mjs').Costs} [costs] where they were measured
 * @property {{ scenario: string, reason: string }[]} skipped for want of a program
 * @property {{ scenario: string, reason: string }[]} failed
 */

/** The table and the chart stand between these lines of the README. */
const START = '<!-- bench: written by npm run bench -->'
const END = '<!-- end of bench -->'

/**
 * @param {Result} result
 * @param {string} directory
 * @param {'results' | 'partial'} name
 * @returns {string[]} the paths of what was written
 */
export function writeResult (result, directory, name) {
  mkdirSync(directory, { recursive: true })
  const contents = { json: `${JSON.stringify(result, null, 2)}\n`, md: toMarkdown(result), svg: toSvg(result.rows) }
  return Object.entries(contents).map(([extension, content]) => {
    const path = join(directory, `${name}.${extension}`)
    writeFileSync(path, content)
    return path
  })
}

/**
 * @param {string} readme
 * @param {string} markdown
 * @returns {string} the README with these results
 */
export function withResults (readme, markdown) {
  const [before, rest] = readme.split(START)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`README.md lacks the lines ${START} and ${END}`)
  return `${before}${START}\n![Measured ratios beside their bars](bench/results/results.svg)\n\n${markdown}${END}${after}`
}

/**
 * @param {string} path of the README
 * @param {string} markdown
 */
export function updateReadme (path, markdown) {
  writeFileSync(path, withResults(readFileSync(path, 'utf8'), markdown))
}
