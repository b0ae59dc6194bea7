import { EventEmitter } from 'node:events'

/** `ended`: a call (a script, or `wait` for replicas), and how it ended. `failed`: what was to be done at a server was not, whether it was called or not. */
export type Calls = EventEmitter<{ ended: [call: string, ms: number, error?: unknown], failed: [error: unknown] }>

/** The calls to all servers, for whoever measures them. */
export const createCalls = (): Calls => new EventEmitter()

/** The same call, reported as `ended`. */
export async function instrument<Result> (calls: Calls, name: string, call: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now()
  let failure: unknown
  try {
    return await call()
  } catch (error) {
    failure = error
    throw error
  } finally {
    calls.emit('ended', name, performance.now() - startedAt, failure)
  }
}

/** Passes the failure on, and reports it. */
export const recordFailure = (calls: Calls) => (error: unknown): never => {
  calls.emit('failed', error)
  throw error
}
