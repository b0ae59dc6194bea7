/** What must be added to this process's monotonic clock, ms, to get another clock: not less than `earliest`, not more than `latest`. */
export interface Offset { earliest: number, latest: number }

/** One measurement may have waited for this process, or on its way; as narrow as this, another would not tell more. */
const MEASUREMENTS_MAX = 5
const NARROW_MS = 1

/**
 * Asks for a clock's ms. It was read somewhere between sending and receiving, so that the way makes the offset uncertain by
 * as much as it takes.
 */
export async function measureOffset (readMs: () => Promise<number>): Promise<Offset> {
  const askedAt = performance.now()
  const ms = await readMs()
  return { earliest: ms - performance.now(), latest: ms - askedAt }
}

/** The same, as narrowly as some measurements say it together. */
export async function measureNarrowly (measure: () => Promise<Offset>): Promise<Offset> {
  let narrowest = await measure()
  for (let i = 1; i < MEASUREMENTS_MAX && narrowest.latest - narrowest.earliest > NARROW_MS; i += 1) {
    const { earliest, latest } = await measure()
    const both = { earliest: Math.max(narrowest.earliest, earliest), latest: Math.min(narrowest.latest, latest) }
    // When they contradict each other the clock was set meanwhile, and the last one counts.
    narrowest = both.earliest <= both.latest ? both : { earliest, latest }
  }
  return narrowest
}
