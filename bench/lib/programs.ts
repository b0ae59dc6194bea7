/** Sees to it that the programs are there with which and beside which is measured; says which are not, and why. */
import { NGINX, PHP_FPM, WEBDIS, WRK } from '../../scripts/lib/bench-programs.mjs'
import { installWhatCanBeHad, type Program } from '../../scripts/lib/install.mjs'
import type { ProgramName } from '../scenarios/index.ts'

const PROGRAMS: Record<ProgramName, Program> = { wrk: WRK, webdis: WEBDIS, nginx: NGINX, php: PHP_FPM }

/** @returns what is missing, and why */
export async function missingPrograms (names: ReadonlySet<ProgramName>): Promise<Map<ProgramName, string>> {
  const reasons = await installWhatCanBeHad([...names].map(name => PROGRAMS[name]))
  return new Map([...names].flatMap(name => {
    const reason = reasons.get(PROGRAMS[name])
    return reason === undefined ? [] : [[name, `${PROGRAMS[name].name}: ${reason}`] as const]
  }))
}
