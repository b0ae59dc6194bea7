/** How fast the machine is: what else its host does slows it down by half, for minutes, and shows neither as steal nor as rounds that scatter. */
import { fileURLToPath } from 'node:url'
import { Failure } from '../../scripts/lib/main.mjs'
import { run } from '../../scripts/lib/run.mjs'
import type { Cores } from './cores.ts'

const PROGRAM = fileURLToPath(new URL('../servers/fixed-work.ts', import.meta.url))

/** Of the best speed in a run: below it, a figure says more about the host than about what is measured. */
export const SPEED_MIN = 0.8

/** @returns milliseconds that a fixed work takes now, on the core of what is under test */
export async function fixedWork (cores: Cores): Promise<number> {
  const { command, args } = cores.underTest(process.execPath, [PROGRAM])
  let ms = NaN
  await run(command, args, { env: { PATH: process.env.PATH }, note: line => { ms = Number(line) } })
  if (!(ms > 0)) throw new Failure(`${PROGRAM} did not say how long its work takes`)
  return ms
}

/** @param look milliseconds that the same work takes now */
export function createHostSpeed (look: () => Promise<number>) {
  let best = Infinity

  async function lookOnce (): Promise<number> {
    const ms = await look()
    best = Math.min(best, ms)
    return ms
  }

  return {
    /** Looks before and after `work`. `ms`: the shorter of the two, so that a host is slow only if it was so at both ends. */
    async around<T> (work: () => Promise<T>): Promise<{ result: T, ms: number }> {
      const before = await lookOnce()
      const result = await work()
      return { result, ms: Math.min(before, await lookOnce()) }
    },
    /** As a share of the best so far. */
    of: (ms: number): number => best / ms,
  }
}

export type HostSpeed = ReturnType<typeof createHostSpeed>
