/** What the writes of a load cost: series of slices, at full load or at a pace. */
import { contender } from './contender.mjs'
import { costOf, medianCost } from './costs.mjs'
import { createPace } from './busy-pace.mjs'
import { interleave } from './rounds.mjs'

/** @typedef {import('./costs.mjs').Cost} Cost */
/** @typedef {import('./costs.mjs').Site} Site */
/** @typedef {ReturnType<typeof createWriter>} Writer */
/** @typedef {Pick<import('./rounds.mjs').Plan<Cost>, 'rounds' | 'warmup' | 'note'>} Plan */

/** @param {Parameters<typeof contender>[0] & { connections: number }} options */
export function createWriter (options) {
  const { measure } = contender(options)
  return {
    name: options.name,
    connections: options.connections,
    /** @param {boolean} isWarmup @param {number} [pauseMs] */
    async write (isWarmup, pauseMs) {
      const { requests, rate } = await measure(isWarmup, { pauseMs })
      return { tickets: requests * (options.ticketsPerRequest ?? 1), rate }
    },
  }
}

/**
 * @param {Site} site
 * @param {readonly Writer[]} writers
 * @param {Plan} plan
 * @returns {Promise<Map<string, Cost>>} by writer, without pauses
 */
export function fullCosts (site, writers, plan) {
  return medians(plan, writers.map(({ name, write }) => ({ name, measure: (isWarmup) => costOf(site, () => write(isWarmup)) })))
}

/**
 * @param {Site} site
 * @param {readonly Writer[]} writers
 * @param {Plan & { busy: number, full: ReadonlyMap<string, Cost> }} plan the share of its core that the service should use,
 *   and what the writers cost without pauses
 * @returns {Promise<Map<string, Cost>>} by writer
 */
export function pacedCosts (site, writers, { busy, full, ...plan }) {
  return medians(plan, writers.map(({ name, connections, write }) => {
    const pace = createPace({ connections, busy, fullRate: full.get(name)?.rate ?? NaN })
    return {
      name,
      async measure (isWarmup) {
        const cost = await costOf(site, () => write(isWarmup, pace.pauseMs()))
        pace.learn(cost)
        return cost
      },
    }
  }))
}

/**
 * @param {Plan} plan
 * @param {readonly import('./rounds.mjs').Contender<Cost>[]} contenders
 */
async function medians (plan, contenders) {
  const series = await interleave({ contenders, figure: ({ rate }) => rate, ...plan })
  return new Map([...series].map(([name, costs]) => [name, medianCost(costs)]))
}
