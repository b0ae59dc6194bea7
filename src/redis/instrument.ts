import { EventEmitter } from 'node:events'
import { SCRIPT_NAMES, type Script, type Scripts } from '../store/scripts.ts'

/** What may be called: a script, or WAIT for replicas. */
export type CallName = typeof SCRIPT_NAMES[number] | 'wait'

/** `ended`: a call, and how it ended. `failed`: what was to be done at a server was not, whether it was called or not. */
export type Calls = EventEmitter<{ ended: [call: CallName, ms: number, error?: unknown], failed: [error: unknown] }>

/** Tells whoever wants to know of the calls to all servers. */
export const createCalls = (): Calls => new EventEmitter()

/** The same call, of which `ended` is told. */
const telling = <Args extends unknown[], Result>(calls: Calls, name: CallName, call: (...args: Args) => Promise<Result>) => async (...args: Args): Promise<Result> => {
  const startedAt = performance.now()
  let failure: unknown
  try {
    return await call(...args)
  } catch (error) {
    failure = error
    throw error
  } finally {
    calls.emit('ended', name, performance.now() - startedAt, failure)
  }
}

export const tellingScripts = (calls: Calls, scripts: Scripts): Scripts =>
  Object.fromEntries(SCRIPT_NAMES.map(name => [name, telling<Parameters<Script>, Awaited<ReturnType<Script>>>(calls, name, scripts[name])])) as Scripts

/** Of a wait, whose failure is a value. */
export const tellingWait = <Failure>(calls: Calls, wait: (timeoutMs: number) => Promise<Failure | undefined>) => {
  const told = telling(calls, 'wait', wait)
  return async (timeoutMs: number): Promise<Failure | undefined> => {
    const failure = await told(timeoutMs)
    if (failure !== undefined) calls.emit('failed', failure)
    return failure
  }
}

/** Passes the failure on, and tells of it. */
export const tellFailure = (calls: Calls) => (error: unknown): never => {
  calls.emit('failed', error)
  throw error
}
