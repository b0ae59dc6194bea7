/** Load that leaves the machine room: what is measured then is not what load, Redis and instances take from each other. */
import { Failure } from '../../scripts/lib/main.mjs'

/** Of the processor time of all cores. With less, what runs waits for a core now and then. */
const IDLE_MIN = 0.05

export interface Headroom {
  /** Of the rate without any pause. */
  share: number
  /** Of the processor time, at this load. */
  idle: number
}

/**
 * Lowers the load until a twentieth of the processor time is idle.
 *
 * @param shares of saturation, the highest first
 * @param idleAt measures at one of them; resolves with the share of processor time that was idle
 * @param isStrict false: the lowest load is taken as it is
 */
export async function findHeadroom (name: string, shares: readonly number[], idleAt: (share: number) => Promise<number>, isStrict: boolean): Promise<Headroom> {
  let lowest: Headroom | undefined
  for (const share of shares) {
    lowest = { share, idle: await idleAt(share) }
    if (lowest.idle >= IDLE_MIN) return lowest
  }
  if (lowest && !isStrict) return lowest
  throw new Failure(`At ${Math.round(100 * (lowest?.share ?? NaN))} % of its load ${name} still leaves only ${(100 * (lowest?.idle ?? NaN)).toFixed(1)} % of the processor time idle: something else runs on this machine`)
}
