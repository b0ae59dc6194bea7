/** Runs a command to its end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { own } from './lifecycle.mjs'
import { Failure } from './main.mjs'
import { sendSignal } from './processes.mjs'

/** As much of a failed command's output as helps to understand it. */
const TAIL_LINES = 30
const STOP_TIMEOUT_MS = 2000

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {(line: string) => void} [note] gets each line of output
 * @property {string} [finish] a reason, shown then, to let the command finish when this process is told to stop
 * @property {number} [interruptAfterMs] sends it SIGINT then, as Ctrl-C would: for what runs until somebody ends it
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<void>} rejects, with the end of its output, unless the command succeeds
 */
export async function run (command, args, { cwd, env, note, finish, interruptAfterMs } = {}) {
  // In a process group of its own it does not see the terminal's Ctrl-C, and can be ended with its helpers.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const signal = (/** @type {NodeJS.Signals} */ name) => { if (child.pid && !finish) sendSignal(-child.pid, name) }
  const release = own({
    stop: async () => {
      if (finish) console.error(`\n${finish}`)
      signal('SIGTERM')
      const timer = setTimeout(signal, STOP_TIMEOUT_MS, 'SIGKILL')
      await once(child, 'close')
      clearTimeout(timer)
    },
    abandon: () => signal('SIGTERM'),
  })

  const interruption = interruptAfterMs === undefined ? undefined : setTimeout(signal, interruptAfterMs, 'SIGINT')

  /** @type {string[]} */
  const lines = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      for (const line of text.split(/[\r\n]+/).filter(Boolean)) {
        lines.push(line)
        note?.(line)
      }
      lines.splice(0, lines.length - TAIL_LINES)
    })
  }

  try {
    const [code, killedBy] = await once(child, 'close')
    if (code === 0) return
    throw new Failure(`${[command, ...args].join(' ')} ended with ${killedBy ?? `status ${code}`}\n${lines.join('\n')}`)
  } finally {
    clearTimeout(interruption)
    release()
  }
}
