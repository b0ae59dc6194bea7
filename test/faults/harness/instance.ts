import type { Test } from 'tap'
import { startServer, type ServerProcess } from '../../server-process.ts'

/** One instance of the service, to be ended and started again. Resolves when it listens. */
export async function startInstance (t: Test, directory: string, variables: Record<string, unknown>) {
  const runs: ServerProcess[] = []
  let url: Promise<string>
  let listens: (url: string) => void = () => {}

  const current = () => runs.at(-1)!
  const down = () => { url = new Promise(resolve => { listens = resolve }) }

  /** On a port of its own each time: nothing that was meant for the old process reaches the new one. */
  async function start () {
    const run = startServer(t, variables, directory)
    runs.push(run)
    listens(await run.url())
  }

  down()
  await start()

  return {
    /** Resolves when there is a process to talk to. */
    url: () => url,
    start,
    /** As a crash would end it. Callers that ask for its URL wait from now on. */
    async kill () {
      down()
      current().child.kill('SIGKILL')
      await current().exited
    },
    /** SIGTERM; callers go on meanwhile. Resolves with the exit status. */
    async stop () {
      current().child.kill('SIGTERM')
      const status = await current().exited
      down()
      return status
    },
    line: (pattern: RegExp) => current().line(pattern),
    /** How many lines of its present process fit. */
    count: (pattern: RegExp) => current().lines.filter(line => pattern.test(line)).length,
    /** Log lines of warnings and worse, of all its processes. */
    complaints: () => runs.flatMap(({ lines }) => lines).filter(line => !/^\{"level":[1-3]0,/.test(line)),
  }
}

export type Instance = Awaited<ReturnType<typeof startInstance>>
