/** Measures while something else goes on. */
import { Failure } from '../../scripts/lib/main.mjs'

/**
 * Slices that are measured while something else goes on.
 *
 * @param limit what the work is, and the slices in which it must have ended
 * @returns those that ended before the work did; resolves when that has ended
 */
export async function meanwhile<T> (work: Promise<unknown>, measure: () => Promise<T>, { name, slicesMax }: { name: string, slicesMax: number }): Promise<T[]> {
  const state = { isRunning: true }
  const ended = work.finally(() => { state.isRunning = false })
  // Its failure is thrown below.
  ended.catch(() => {})
  const slices: T[] = []
  for (let count = 0; state.isRunning; count += 1) {
    if (count === slicesMax) throw new Failure(`${name} had not ended after ${slicesMax} slices of load beside it`)
    const slice = await measure()
    if (state.isRunning) slices.push(slice)
  }
  await ended
  return slices
}
