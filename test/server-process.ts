import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { own } from '../scripts/lib/lifecycle.mjs'

const SERVER = fileURLToPath(new URL('../src/server.ts', import.meta.url))

/**
 * The service as a process of its own, as `npm start` runs it. It ends with the test.
 * @param variables its whole environment; PORT is a free one unless it says another
 * @param directory its working directory, where a `.env` is read; default: an empty one
 * @param wrapper a command that becomes the one that it is given, such as `nice`
 * @param server the entry of another copy
 */
export function startServer (t: Test, variables: Record<string, unknown>, directory: string = t.testdir(), wrapper: readonly string[] = [], server: string = SERVER) {
  const env = Object.fromEntries(Object.entries({ PORT: 0, ...variables }).map(([name, value]) => [name, String(value)]))
  // As production does it: what was compiled once is not compiled again.
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const [command, ...args] = [...wrapper, process.execPath, server]
  const child = spawn(command!, args, { env: { PATH, NODE_COMPILE_CACHE, ...env }, cwd: directory })
  const lines: string[] = []
  const written = new EventEmitter()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', line => {
      lines.push(line)
      written.emit('line')
    })
  }
  const kill = () => { child.kill('SIGKILL') }
  // 'close' comes when the output has been read to its end.
  const exited = once(child, 'close').then(([code]) => {
    written.emit('line')
    return code as number | null
  }).finally(own({ stop: end, abandon: kill }))
  t.teardown(end)

  async function end () {
    kill()
    await exited
  }

  /** The first line that fits, now or later. */
  async function line (pattern: RegExp): Promise<string> {
    for (;;) {
      const found = lines.find(line => pattern.test(line))
      if (found) return found
      if (child.exitCode !== null) throw new Error(`the service ended without ${String(pattern)}:\n${lines.join('\n')}`)
      await once(written, 'line')
    }
  }

  return { child, lines, exited, line, url: async () => /http:\/\/127[^"]+/.exec(await line(/Server listening/))![0] }
}

export type ServerProcess = ReturnType<typeof startServer>
