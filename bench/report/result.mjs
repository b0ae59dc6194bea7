/** What a run leaves: JSON with everything, a table, a chart. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../../scripts/lib/main.mjs'
import { growthMarkdown } from './growth.mjs'
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

const SECTIONS = /** @type {const} */ (['bench', 'sizing'])

/** @param {Result} result what stands between which lines of the README */
const sections = (result) => ({
  bench: `![Measured ratios beside their bars](bench/results/results.svg)\n\n${toMarkdown(result)}`,
  sizing: growthMarkdown(result),
})

/** @param {Result} result the files, by the ends of their names */
export function contentsOf (result) {
  return {
    json: `${JSON.stringify(result, null, 2)}\n`,
    md: `${toMarkdown(result)}${result.costs ? `\n${growthMarkdown(result)}` : ''}`,
    // Without a row there would be nothing to see.
    ...(result.rows.some(({ bar }) => bar) && { svg: toSvg(result.rows) }),
  }
}

/**
 * Looks, before anything is measured, whether the results can be written.
 * @param {object} options
 * @param {string} options.directory made when it is not there
 * @param {string} [options.readme] a path; default: it stays as it is
 * @param {boolean} options.isWhole whether everything is to be measured, in full
 * @returns {(result: Result) => string[]} writes them, and answers the paths of what it has written. Only what is whole
 *   goes where the published results are: what was left out would be lost there
 */
export function createWriter ({ directory, readme, isWhole }) {
  try {
    makeDirectory(directory)
    rmdirSync(mkdtempSync(join(directory, 'try-')))
  } catch (error) {
    throw new Failure(`Results cannot be written to ${directory}: ${/** @type {Error} */ (error).message}. Name another directory with --out.`)
  }
  if (readme) checkMarks(readFileSync(readme, 'utf8'))

  return (result) => {
    const isPublished = isWhole && result.skipped.length === 0 && result.failed.length === 0
    const files = Object.entries(contentsOf(result)).map(([extension, content]) => {
      const path = join(directory, `${isPublished ? 'results' : 'partial'}.${extension}`)
      writeFileSync(path, content)
      return path
    })
    if (!isPublished || !readme) return files
    writeFileSync(readme, withResults(readFileSync(readme, 'utf8'), result))
    return [...files, readme]
  }
}

/**
 * As mkdirSync with recursive, which never comes back where the system refuses with ENOENT, as below /proc.
 * @param {string} directory
 */
function makeDirectory (directory) {
  if (existsSync(directory)) return
  makeDirectory(dirname(directory))
  mkdirSync(directory)
}

/** @param {string} name of a section */
const marksOf = (name) => ({ start: `<!-- ${name}: written by npm run bench -->`, end: `<!-- end of ${name} -->` })

/** @param {string} readme */
function checkMarks (readme) {
  for (const { start, end } of SECTIONS.map(marksOf)) {
    if (readme.split(start).length !== 2 || !readme.split(start)[1]?.includes(end)) {
      throw new Failure(`README.md lacks the lines ${start} and ${end}, between which the results go: put them back, once each.`)
    }
  }
}

/**
 * @param {string} readme
 * @param {Result} result
 * @returns {string} the README with these results
 */
export function withResults (readme, result) {
  checkMarks(readme)
  const contents = sections(result)
  return SECTIONS.reduce((text, name) => {
    const { start, end } = marksOf(name)
    const [before = '', rest = ''] = text.split(start)
    return `${before}${start}\n${contents[name]}${end}${rest.slice(rest.indexOf(end) + end.length)}`
  }, readme)
}
