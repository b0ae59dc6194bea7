import fc from 'fast-check'
import t from 'tap'
import { createService } from '../helper.ts'
import { commands, type Real } from './model/commands.ts'
import { createModel } from './model/model.ts'

const CYCLES = Number(process.env.FAULT_CYCLES ?? 1)
const RUNS_PER_CYCLE = 30
const CYCLE_TIMEOUT_MS = 120_000

/** Far apart, so that the ids of a run are above those that MySQL holds when it begins, and become lower than them. */
const IDS_PER_RUN = 10

t.setTimeout(CYCLES * CYCLE_TIMEOUT_MS)

t.test('whatever is done in whatever order, the service behaves as its model', async t => {
  const service = await createService(t)
  let runs = 0
  const seed = process.env.FAULT_SEED
  const property = fc.asyncProperty(commands, async commands => {
    const first = ++runs * IDS_PER_RUN
    if (CYCLES > 1 && runs % RUNS_PER_CYCLE === 0) process.stderr.write(`model: ${runs} of ${RUNS_PER_CYCLE * CYCLES} runs done\n`)
    // Not in their order, so that some of a run's ids lie below those that MySQL holds.
    const idOf = (nth: number) => first + [3, 1, 2, 0][nth]!
    await fc.asyncModelRun(() => ({ model: createModel(), real: { service, idOf, lastKey: first * 1000 } satisfies Real }), commands)
  })
  // The error of a failure names its seed, and the shortest list of commands that was found; FAULT_SEED repeats it.
  await fc.assert(property, { numRuns: RUNS_PER_CYCLE * CYCLES, endOnFailure: false, ...(seed && { seed: Number(seed) }) })
  t.ok(runs >= RUNS_PER_CYCLE * CYCLES, `${runs} runs`)
})
