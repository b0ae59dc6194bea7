/** What a run leaves: JSON with everything, a table, a chart. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** @param {Result} result what stands between which lines of the README */
const sections = (result) => ({
  bench: `![Measured ratios beside their bars](bench/results/results.svg)\n\n${toMarkdown(result)}`,
  sizing: growthMarkdown(result),
})

/** @param {Result} result the files, by the ends of their names */
export function contentsOf (result) {
  return { json: `${JSON.stringify(result, null, 2)}\n`, md: `${toMarkdown(result)}\n${growthMarkdown(result)}`, svg: toSvg(result.rows) }
}

/**
 * @param {Result} result
 * @param {string} directory
 * @param {'results' | 'partial'} name
 * @returns {string[]} the paths of what was written
 */
export function writeResult (result, directory, name) {
  mkdirSync(directory, { recursive: true })
  return Object.entries(contentsOf(result)).map(([extension, content]) => {
    const path = join(directory, `${name}.${extension}`)
    writeFileSync(path, content)
    return path
  })
}

/**
 * @param {string} readme
 * @param {Result} result
 * @returns {string} the README with these results
 */
export function withResults (readme, result) {
  return Object.entries(sections(result)).reduce((text, [name, content]) => {
    const start = `<!-- ${name}: written by npm run bench -->`
    const end = `<!-- end of ${name} -->`
    const [before, rest] = text.split(start)
    const after = rest?.split(end)[1]
    if (before === undefined || after === undefined) throw new Error(`README.md lacks the lines ${start} and ${end}`)
    return `${before}${start}\n${content}${end}${after}`
  }, readme)
}

/**
 * @param {string} path of the README
 * @param {Result} result
 */
export function updateReadme (path, result) {
  writeFileSync(path, withResults(readFileSync(path, 'utf8'), result))
}
