/** Load that leaves the machine room: what is measured then is not what load, Redis and instances take from each other. */
import { Failure } from '../../scripts/lib/main.mjs'

/** Of the processor time of all cores. With less, what runs waits for a core now and then. */
const IDLE_MIN = 0.05
const STEP = 0.1
const SHARE_MIN = 0.3

export interface Headroom {
  /** Of the rate without any pause. */
  share: number
  /** Of the processor time, at this load. */
  idle: number
}

/**
 * Lowers the load in steps of a tenth of saturation, until a twentieth of the processor time is idle.
 *
 * @param idleAt measures at a share of saturation, 1 first; resolves with the share of processor time that was idle
 * @param isStrict false: the lowest load is taken as it is
 */
export async function findHeadroom (name: string, idleAt: (share: number) => Promise<number>, isStrict: boolean): Promise<Headroom> {
  for (let share = 1; ; share = Number((share - STEP).toFixed(2))) {
    const idle = await idleAt(share)
    if (idle >= IDLE_MIN) return { share, idle }
    if (share > SHARE_MIN) continue
    if (!isStrict) return { share, idle }
    throw new Failure(`At ${100 * SHARE_MIN} % of its load ${name} still leaves only ${(100 * idle).toFixed(1)} % of the processor time idle: something else runs on this machine`)
  }
}
