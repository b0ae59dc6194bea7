/** Goes through the measures, each on a stage of its own, and repeats those whose rounds scatter or that met a slow host. */
import { join } from 'node:path'
import { isSignalled } from '../../scripts/lib/lifecycle.mjs'
import { Failure } from '../../scripts/lib/main.mjs'
import { step } from '../../scripts/lib/progress.mjs'
import type { Result } from '../report/results.ts'
import { describeScatter, describeSpeed } from '../report/table.ts'
import type { Context, ProgramName, Scenario } from '../scenarios/index.ts'
import type { Cores } from './cores.ts'
import { createHostSpeed, fixedWork, SPEED_MIN, type HostSpeed } from './host-speed.ts'
import { createPlan, type Options } from './options.ts'
import { createProgress } from './progress.ts'
import { type Row, scatteredOf } from './rows.ts'
import { createStage } from './stage.ts'

/** A host that is disturbed for longer than these take has to be measured another time. */
const ATTEMPTS_MAX = 3

/** A quick run makes no claim, so that its rounds may scatter; but it shows that everything works, and a host that is busy for a moment must not hide it. */
const QUICK_ATTEMPTS_MAX = 2

interface Measures {
  scenarios: readonly Scenario[]
  options: Options
  /** Programs, and why. */
  missing: ReadonlyMap<ProgramName, string>
  cores: Cores
  directory: string
  /** Milliseconds that a fixed work takes now. */
  lookAtHost?: () => Promise<number>
}

/** Resolves too when measures fail: one must not take along what the others have measured in half an hour. */
export async function measure ({ scenarios, options, missing, cores, directory, lookAtHost = () => fixedWork(cores) }: Measures): Promise<Omit<Result, 'environment'>> {
  const plan = createPlan(options)
  const result: Omit<Result, 'environment'> = { rows: [], skipped: scenarios.flatMap(scenario => skippedOf(scenario, missing)), failed: [], repeated: [], slow: [] }
  const speed = createHostSpeed(lookAtHost)
  const lengths: { scenario: string, ms: number }[] = []
  const possible = scenarios.filter(({ needs }) => !needs.some(name => missing.has(name)))
  const progress = createProgress({ minutes: possible.map(({ minutes }) => minutes), isQuick: options.quick })
  for (const scenario of possible) {
    const title = `${progress.next()}: ${scenario.title}`
    try {
      const { rows, attempts, ms } = await untilSteady(options.quick, speed, attempt => step(
        attempt === 1 ? title : `${title}, attempt ${attempt}`,
        async note => {
          const tell = (text: string) => note(`(${progress.left()}) ${text}`)
          tell('')
          return await speed.around(() => perform(scenario, join(directory, `${scenario.name}-${attempt}`), cores, { plan, note: tell, has: program => !missing.has(program) }))
        },
      ))
      // What is no claim is not judged.
      result.rows.push(...rows.map(row => options.quick ? { ...row, met: null } : row))
      lengths.push({ scenario: scenario.name, ms })
      if (attempts > 1) result.repeated.push({ scenario: scenario.name, times: attempts - 1 })
    } catch (error) {
      if (isSignalled()) throw error
      const reason = error instanceof Failure ? error.message : String((error as Error).stack)
      console.error(reason)
      result.failed.push({ scenario: scenario.name, reason })
    }
  }
  // By the best of the whole run: the first measures were held against less.
  const speeds = lengths.map(({ scenario, ms }) => ({ scenario, speed: speed.of(ms) }))
  return { ...result, slow: options.quick ? [] : speeds.filter(({ speed }) => speed < SPEED_MIN) }
}

/**
 * An attempt that fails is repeated, as one whose rounds scatter: on a busy host the service answers 202 or 503, too.
 * @returns what the first attempt found whose rounds agree, on a host as fast as before; without one, the last. `ms`: how long a fixed work took then
 * @throws what the last attempt failed with
 */
async function untilSteady (isQuick: boolean, speed: HostSpeed, attempt: (number: number) => Promise<{ result: Row[], ms: number }>): Promise<{ rows: Row[], attempts: number, ms: number }> {
  const attemptsMax = isQuick ? QUICK_ATTEMPTS_MAX : ATTEMPTS_MAX
  for (let attempts = 1; ; attempts += 1) {
    let made
    try {
      made = await attempt(attempts)
    } catch (error) {
      if (isSignalled() || attempts === attemptsMax) throw error
      console.error(`Repeating it, because it failed:\n  ${(error as Error).message}`)
      continue
    }
    const { result: rows, ms } = made
    const scattered = isQuick ? [] : scatteredOf(rows)
    const isSlow = !isQuick && speed.of(ms) < SPEED_MIN
    if ((scattered.length === 0 && !isSlow) || attempts === attemptsMax) return { rows, attempts, ms }
    if (scattered.length > 0) console.error(`Repeating it, because rounds scatter:\n${scattered.map(row => `  ${describeScatter(row)}`).join('\n')}`)
    else console.error(`Repeating it, because the host was slower: ${describeSpeed(speed.of(ms))}`)
  }
}

export function skippedOf ({ name, needs, wants }: Scenario, missing: ReadonlyMap<ProgramName, string>): Result['skipped'] {
  const reasonsOf = (programs: readonly ProgramName[]) => programs.flatMap(program => missing.get(program) ?? [])
  const whole = reasonsOf(needs)
  if (whole.length > 0) return [{ scenario: name, reason: whole.join('; ') }]
  return reasonsOf(wants).map(reason => ({ scenario: `a part of ${name}`, reason }))
}

async function perform (scenario: Scenario, directory: string, cores: Cores, context: Omit<Context, 'stage'>): Promise<Row[]> {
  const stage = createStage(directory, cores)
  let rows
  try {
    rows = await scenario.run({ stage, ...context })
    await stage.check()
  } catch (error) {
    // How its servers end now may follow from it, and must not hide it.
    await stage.stop().catch((later: Error) => { console.error(later.message) })
    throw error
  }
  await stage.stop()
  return rows
}
