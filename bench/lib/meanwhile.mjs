/** Slices that are measured while something else goes on. */
import { Failure } from '../../scripts/lib/main.mjs'

/**
 * @template T
 * @param {Promise<unknown>} work
 * @param {() => Promise<T>} measure
 * @param {{ name: string, slicesMax: number }} limit what the work is, and the slices in which it must have ended
 * @returns {Promise<T[]>} those that ended before the work did; resolves when that has ended
 */
export async function meanwhile (work, measure, { name, slicesMax }) {
  const state = { isRunning: true }
  const ended = work.finally(() => { state.isRunning = false })
  // Its failure is thrown below.
  ended.catch(() => {})
  const slices = []
  for (let count = 0; state.isRunning; count += 1) {
    if (count === slicesMax) throw new Failure(`${name} had not ended after ${slicesMax} slices of load beside it`)
    const slice = await measure()
    if (state.isRunning) slices.push(slice)
  }
  await ended
  return slices
}
