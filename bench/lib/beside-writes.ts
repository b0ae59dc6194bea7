/** Reads, one after the other, while the same service has as many writes as it takes. */
import { contender, type ContenderOptions, type Slice } from './contender.ts'

/** One reader: the next request is sent when the answer is there. What it waits for is the service's other work, and not itself. */
const READERS = 1

/** A slice of the reads, and the writes that were answered a second beside them. */
export interface BesideWrites extends Slice { writes: number }

export function besideWrites ({ name, writes, reads, ...options }: Omit<ContenderOptions, 'requests'> & { writes: readonly string[], reads: readonly string[] }) {
  const writer = contender({ ...options, name: `${name}-writes`, requests: writes })
  const reader = contender({ ...options, name: `${name}-reads`, requests: reads, connections: READERS })
  return {
    name,
    async measure (isStrict: boolean): Promise<BesideWrites> {
      const [written, read] = await Promise.all([writer.measure(isStrict), reader.measure(isStrict)])
      return { ...read, writes: written.rate }
    },
  }
}
