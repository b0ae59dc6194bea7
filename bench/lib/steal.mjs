/**
 * What a virtual machine's host takes away from it, as Linux counts it ("steal" in /proc/stat): a slice that lost much of it
 * says more about the host than about what is measured.
 */
import { existsSync, readFileSync } from 'node:fs'
import { median } from './statistics.mjs'

/** Of the two cores that are used: the usual few per cent stay below it. */
export const SHARE_MAX = 0.03
/** A host that is busy for long is measured as it is in the end. */
const REPEATS_MAX = 3
const CORES_USED = 2
const STAT = '/proc/stat'

/** @typedef {ReturnType<typeof createStealGuard>} StealGuard */

/** @typedef {{ repeated: number, slices: number, median: number }} Steal shares of the slices that count */

/**
 * @param {() => string | undefined} read the content of /proc/stat; undefined where there is none, and nothing is repeated
 */
export function createStealGuard (read) {
  /** @type {number[]} */
  const shares = []
  let repeated = 0
  return {
    /**
     * @template T
     * @param {() => Promise<T>} measure
     * @returns {Promise<T>} of a slice from which little was stolen, if there is one
     */
    async undisturbed (measure) {
      for (let repeats = 0; ; repeats += 1) {
        const before = read()
        const measurement = await measure()
        const after = read()
        if (before === undefined || after === undefined) return measurement
        const share = stolenShare(before, after)
        if (share <= SHARE_MAX || repeats === REPEATS_MAX) {
          shares.push(share)
          return measurement
        }
        repeated += 1
      }
    },

    /** @returns {Steal | undefined} undefined: it was not counted */
    summary: () => shares.length === 0 ? undefined : { repeated, slices: shares.length, median: median(shares) },
  }
}

/** Of this machine, for the whole run. */
export const machine = createStealGuard(() => existsSync(STAT) ? readFileSync(STAT, 'utf8') : undefined)

/**
 * @param {string} before
 * @param {string} after
 * @returns {number} what was stolen, of the time of the cores that are used: others are idle, and an idle one loses nothing
 */
function stolenShare (before, after) {
  const [from, to] = [parse(before), parse(after)]
  const elapsed = (to.total - from.total) / to.cores
  return elapsed > 0 ? (to.steal - from.steal) / (elapsed * Math.min(CORES_USED, to.cores)) : 0
}

/** @param {string} stat */
function parse (stat) {
  const ticks = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? []
  // user, nice, system, idle, iowait, irq, softirq, steal; what guests use is part of user.
  const counted = ticks.slice(0, 8)
  return { total: counted.reduce((sum, each) => sum + each, 0), steal: counted[7] ?? 0, cores: stat.match(/^cpu\d+ /gm)?.length ?? 1 }
}
