/** Sees to it that the programs are there with which and beside which is measured; says which are not, and why. */
import { NGINX, PHP_FPM, WEBDIS, WRK } from '../../scripts/lib/bench-programs.mjs'
import { installWhatCanBeHad } from '../../scripts/lib/install.mjs'

/** @type {Record<import('../scenarios/index.mjs').ProgramName, import('../../scripts/lib/install.mjs').Program>} */
const PROGRAMS = { wrk: WRK, webdis: WEBDIS, nginx: NGINX, php: PHP_FPM }

/**
 * @param {readonly import('../scenarios/index.mjs').ProgramName[]} names
 * @returns {Promise<Map<import('../scenarios/index.mjs').ProgramName, string>>} what is missing, and why
 */
export async function missingPrograms (names) {
  const reasons = await installWhatCanBeHad(names.map((name) => PROGRAMS[name]))
  return new Map(names.flatMap((name) => {
    const reason = reasons.get(PROGRAMS[name])
    return reason === undefined ? [] : [[name, `${PROGRAMS[name].name}: ${reason}`]]
  }))
}
