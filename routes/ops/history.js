/** What was measured in the last minutes. */

export const WINDOW_MS = 5 * 60_000

/** @typedef {{ atMs: number, value: number | null }} Point null: it could not be measured */

export function createHistory () {
  /** @type {{ atMs: number, values: Record<string, number | null> }[]} */
  let samples = []

  return {
    /**
     * @param {number} atMs
     * @param {Record<string, number | null>} values
     */
    add (atMs, values) {
      samples.push({ atMs, values })
      samples = samples.filter(sample => sample.atMs > atMs - WINDOW_MS)
    },
    /**
     * @param {string} name
     * @returns {Point[]}
     */
    points: name => samples.map(({ atMs, values }) => ({ atMs, value: values[name] ?? null })),
  }
}

/** @typedef {ReturnType<typeof createHistory>} History */
