/** Slices that are measured while something else goes on. */

/**
 * @template T
 * @param {Promise<unknown>} work
 * @param {() => Promise<T>} measure
 * @param {number} [slicesMax] the work goes on without them afterwards
 * @returns {Promise<T[]>} those that ended before the work did; resolves when that has ended
 */
export async function meanwhile (work, measure, slicesMax = Infinity) {
  const state = { isRunning: true }
  const ended = work.finally(() => { state.isRunning = false })
  // Its failure is thrown below.
  ended.catch(() => {})
  const slices = []
  while (state.isRunning && slices.length < slicesMax) {
    const slice = await measure()
    if (state.isRunning) slices.push(slice)
  }
  await ended
  return slices
}
