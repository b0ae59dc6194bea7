/** Goes through the measures, each on a stage of its own. */
import { join } from 'node:path'
import { step } from '../../scripts/lib/progress.mjs'
import { createPlan } from './plan.mjs'
import { createStage } from './stage.mjs'

/** @typedef {import('../scenarios/index.mjs').Scenario} Scenario */
/** @typedef {import('../scenarios/index.mjs').ProgramName} ProgramName */

/**
 * @param {object} options
 * @param {readonly Scenario[]} options.scenarios
 * @param {import('./options.mjs').Options} options.options
 * @param {ReadonlyMap<ProgramName, string>} options.missing programs, and why
 * @param {import('./cores.mjs').Cores} options.cores
 * @param {string} options.directory
 * @returns {Promise<Omit<import('../report/result.mjs').Result, 'environment'>>}
 */
export async function measure ({ scenarios, options, missing, cores, directory }) {
  const plan = createPlan(options)
  const rows = []
  const skipped = []
  for (const scenario of scenarios) {
    skipped.push(...skippedOf(scenario, missing))
    if (scenario.needs.some((name) => missing.has(name))) continue
    rows.push(...await step(scenario.title, (note) => perform(scenario, { plan, cores, directory, note, has: (program) => !missing.has(program) })))
  }
  return { rows, skipped }
}

/**
 * @param {Scenario} scenario
 * @param {ReadonlyMap<ProgramName, string>} missing
 */
export function skippedOf ({ name, needs, wants }, missing) {
  const reasonsOf = (/** @type {ProgramName[]} */ programs) => programs.flatMap((program) => missing.get(program) ?? [])
  const whole = reasonsOf(needs)
  if (whole.length > 0) return [{ scenario: name, reason: whole.join('; ') }]
  return reasonsOf(wants).map((reason) => ({ scenario: `a part of ${name}`, reason }))
}

/**
 * @param {Scenario} scenario
 * @param {Omit<import('../scenarios/index.mjs').Context, 'stage'> & { cores: import('./cores.mjs').Cores, directory: string }} options
 */
async function perform (scenario, { cores, directory, ...context }) {
  const stage = createStage(join(directory, scenario.name), cores)
  const rows = await scenario.run({ stage, ...context })
  // Not when it has failed: everything is stopped then, and its error is the news.
  await stage.stop()
  return rows
}
