/** How every script of this folder begins and ends. */
import { isSignalled, stopAll } from './lifecycle.mjs'

/** An expected failure: its message says all that the user needs, a stack trace would only hide it. */
export class Failure extends Error {}

/**
 * Runs a script, then stops whatever it has left running. The exit status is 1 when it failed.
 * @param {() => Promise<void>} work
 */
export async function main (work) {
  for (const stream of [process.stdout, process.stderr]) {
    // The signal may tell that the terminal is gone: stopping goes on without it.
    stream.on('error', (error) => { if (!isSignalled()) throw error })
  }
  try {
    await work()
  } catch (error) {
    // After a signal everything fails because it is being stopped; that is no news.
    if (!isSignalled()) report(error)
  } finally {
    await stopAll().catch(report)
  }
}

/** @param {unknown} error */
function report (error) {
  console.error(error instanceof Failure ? `\n${error.message}` : error)
  process.exitCode = 1
}
