/** Goes through the measures, each on a stage of its own. */
import { join } from 'node:path'
import { isSignalled } from '../../scripts/lib/lifecycle.mjs'
import { Failure } from '../../scripts/lib/main.mjs'
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
 *   Resolves too when measures fail: one must not take along what the others have measured in half an hour.
 */
export async function measure ({ scenarios, options, missing, cores, directory }) {
  const plan = createPlan(options)
  const rows = []
  const skipped = []
  const failed = []
  /** @type {import('./costs.mjs').Costs | undefined} */
  let costs
  for (const scenario of scenarios) {
    skipped.push(...skippedOf(scenario, missing))
    if (scenario.needs.some((name) => missing.has(name))) continue
    const context = { plan, cores, directory, has: (/** @type {ProgramName} */ program) => !missing.has(program) }
    try {
      const found = await step(scenario.title, (note) => perform(scenario, { ...context, note }))
      // What is no claim is not judged.
      if (Array.isArray(found)) rows.push(...found.map((row) => options.quick ? { ...row, met: null } : row))
      else costs = found
    } catch (error) {
      if (isSignalled()) throw error
      const reason = error instanceof Failure ? error.message : String(/** @type {Error} */ (error).stack)
      console.error(reason)
      failed.push({ scenario: scenario.name, reason })
    }
  }
  return { rows, costs, skipped, failed }
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
  let found
  try {
    found = await scenario.run({ stage, ...context })
    await stage.check()
  } catch (error) {
    // How its servers end now may follow from it, and must not hide it.
    await stage.stop().catch((/** @type {Error} */ later) => { console.error(later.message) })
    throw error
  }
  await stage.stop()
  return found
}
