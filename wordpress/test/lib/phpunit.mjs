/** Runs PHPUnit on the plugin's tests. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { findPhpunit } from '../../../scripts/lib/wordpress.mjs'
import { own } from '../../../scripts/lib/lifecycle.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { sendSignal } from '../../../scripts/lib/processes.mjs'

/** Each has a bootstrap of its own: without WordPress, within one, and before the web servers of some. */
const SUITES = ['unit', 'integration', 'site']

/**
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<number>} the exit status: of the last suite that failed, else 0
 */
export async function runPhpunit (args, env) {
  const found = findPhpunit()
  if (!found) throw new Error('there is no PHPUnit on this machine')
  let result = 0
  for (const suite of SUITES) {
    const configuration = join(ROOT, 'wordpress', 'test', suite, 'phpunit.xml')
    const child = spawn(found.php, [found.phpunit, '--configuration', configuration, ...args], {
      stdio: 'inherit',
      env: { ...process.env, ...env },
      detached: true,
    })
    const exited = once(child, 'exit')
    const end = () => { if (child.pid) sendSignal(-child.pid, 'SIGTERM') }
    const release = own({ stop: () => { end(); return exited }, abandon: end })
    const [status] = await exited
    release()
    result = status === 0 ? result : status ?? 1
  }
  return result
}
