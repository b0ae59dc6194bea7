/** Sees to it that the programs are there with which and beside which is measured; says which are not, and why. */
import { findExecutables } from '../../scripts/lib/binaries.mjs'
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

/**
 * @param {string} name
 * @returns {string} the path of a program that is known to be there
 */
export function pathOf (name) {
  const [path] = findExecutables([name])
  if (!path) throw new Error(`there is no ${name} on this machine`)
  return path
}
