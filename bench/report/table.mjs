/** The results as a table, for Markdown and for a terminal. */
import { SHARE_MAX } from '../lib/steal.mjs'
import { barOf, figure, ratioOf, verdictOf } from './format.mjs'
import { markdownTable, textTable } from './layout.mjs'

const HEAD = ['work', 'measured', 'beside', 'measured', 'ratio (quartiles)', 'rounds', 'bar', 'met']

/** @typedef {import('./result.mjs').Result} Result */

/** @param {import('../lib/rows.mjs').Row} row */
function cells (row) {
  return [
    row.work + (row.detail ? ` (${row.detail})` : ''),
    figure(row.value, row.unit, row.use),
    row.beside,
    row.reference === null ? '' : figure(row.reference, row.unit, row.reference_use),
    ratioOf(row),
    String(row.rounds),
    barOf(row),
    verdictOf(row),
  ]
}

/** @param {Result['environment']} environment */
export function configuration ({ date, revision, machine, versions, pinning, settings, mode, steal }) {
  const list = Object.entries(versions).map((pair) => pair.join(' ')).join(', ')
  return [
    `Measured ${date} at revision ${revision} (${mode}), on ${machine}; ${pinning}. ${list}.`,
    ...settings,
    'What competes is measured in turns, a slice each in a new order per round: figures are medians of the rounds, ratios medians of each round\'s ' +
    'own, with their quartiles; each round is in results.json. Behind a figure stand CPU time of the process under test for one request or ticket, ' +
    'and how busy that made it: 100 % are one core. Where it is two of the same program in turns (POST, PATCH and GET, the service and the bare ' +
    `route), figures are the mean of both.${stealOf(steal)}`,
  ].join(' ')
}

/** @param {Result['environment']['steal']} steal */
function stealOf (steal) {
  if (!steal) return ''
  return ` The host took ${(100 * steal.median).toFixed(1)} % of the two cores away from the machine (median of ${steal.slices} slices); ` +
    `measured again because they lost more than ${100 * SHARE_MAX} %: ${steal.repeated}.`
}

/** @param {Result} result */
export function toMarkdown ({ environment, rows, skipped, failed }) {
  return [
    configuration(environment),
    '',
    ...(rows.length > 0 ? markdownTable([HEAD, ...rows.map(cells)]) : []),
    ...notMeasured({ skipped, failed }).map((text) => `\n${text}`),
    '',
  ].join('\n')
}

/** @param {Result} result */
export function toText ({ environment, rows, skipped, failed }) {
  return [
    configuration(environment),
    '',
    ...(rows.length > 0 ? textTable([HEAD, ...rows.map(cells)]) : []),
    ...notMeasured({ skipped, failed }).map((text) => `\n${text}`),
  ].join('\n')
}

/** @param {Pick<Result, 'skipped' | 'failed'>} result */
function notMeasured ({ skipped, failed }) {
  return [
    ...skipped.map(({ scenario, reason }) => `Not measured: ${scenario}. ${reason}`),
    // The first line says what it was; more is in the JSON.
    ...failed.map(({ scenario, reason }) => `Failed: ${scenario}. ${reason.trim().split('\n')[0]}`),
  ]
}
