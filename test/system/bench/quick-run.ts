/** Quick runs of the benchmark, as a person starts them. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import type { Result } from '../../../bench/report/results.ts'
import type { Program } from '../../../scripts/lib/install.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { privateDirectory } from '../../helper.ts'

/** A quick run of these measures: what it printed and what it wrote. */
export async function bench (t: Test, only: string, PATH = process.env.PATH) {
  const out = privateDirectory(t)
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['bench/run.ts', '--quick', '--only', only, '--out', out], { cwd: ROOT, env: { ...process.env, PATH } })
  const read = (name: string) => readFileSync(join(out, name), 'utf8')
  return { stdout, stderr, read, result: JSON.parse(read('results.json')) as Result }
}

/** Why a test cannot run that needs these; false: it can. */
export function skipWithout (...programs: Program[]) {
  const missing = programs.filter(({ find }) => !find())
  return missing.length > 0 && `not on this machine: ${missing.map(({ name }) => name).join(', ')}`
}
