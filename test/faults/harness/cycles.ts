import root, { type Test } from 'tap'

/** FAULT_CYCLES=50 makes the long run. */
const CYCLES = Number(process.env.FAULT_CYCLES ?? 1)

const CYCLE_TIMEOUT_MS = 120_000

/** Runs the cycle as often as was asked for. Each has the time of a whole file, and names itself in its last assertion. */
export async function cycles (t: Test, run: (name: string) => Promise<void>) {
  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    root.setTimeout(CYCLE_TIMEOUT_MS)
    const name = `cycle ${cycle} of ${CYCLES}`
    await run(name)
    // The reporter shows a file when it has ended; a long run should be seen to go on.
    if (CYCLES > 1) process.stderr.write(`${t.name}: ${name} done\n`)
  }
}
