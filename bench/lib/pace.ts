/** Load at a rate: what wrk can be told is the pause of each connection before its next request. */
import { Failure } from '../../scripts/lib/main.mjs'

/** An answer takes about this long while there is room. */
const ANSWER_MS = 1
const PAUSE_MIN_MS = 0.1
/** This near to the rate that was asked for, a slice is good enough. */
const TOLERANCE = 0.1
/** This far from it, it shows something else. */
const TOLERANCE_MAX = 0.25
const ATTEMPTS = 8

/** @returns ms, about */
export function pauseFor (rate: number, connections: number): number {
  return Math.max(PAUSE_MIN_MS, 1000 * connections / rate - ANSWER_MS)
}

interface Paced<Slice> {
  contender: { name: string, measure: (isStrict: boolean, how: { pauseMs: number, seconds: number }) => Promise<Slice> }
  /** Requests a second. */
  rate: number
  connections: number
  seconds: number
}

/** Requests that arrive at a rate, by chance: pauses are exponentially distributed, and corrected by the rate that they led to. */
export function paced<Slice extends { rate: number }> ({ contender: { name, measure }, rate, connections, seconds }: Paced<Slice>) {
  const cycleAt = (measured: number) => 1000 * connections / measured
  const distance = (slice: Slice) => Math.abs(slice.rate / rate - 1)
  let pauseMs = pauseFor(rate, connections)
  return {
    name,
    async measure (): Promise<Slice> {
      let nearest: Slice | undefined
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const slice = await measure(false, { pauseMs, seconds })
        pauseMs = Math.max(PAUSE_MIN_MS, pauseMs + cycleAt(rate) - cycleAt(slice.rate))
        if (!nearest || distance(slice) < distance(nearest)) nearest = slice
        if (distance(nearest) <= TOLERANCE) return nearest
      }
      if (nearest && distance(nearest) <= TOLERANCE_MAX) return nearest
      throw new Failure(`The load did not come within ${100 * TOLERANCE_MAX} % of ${Math.round(rate)} requests/s to ${name}: this machine is too busy`)
    },
  }
}
