/** Sends batches to the service until each ticket is there, was there, or is refused. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../lib/main.mjs'
import type { Batch, Operation, Refused } from './batches.ts'
import type { Counts } from './state.ts'

/** Between two attempts where the service does not say how long. */
const PAUSE_MS = 1000

/** A service that takes nothing for so long is not waited for any longer. */
const GIVE_UP_AFTER_MS = 10 * 60_000

const REQUEST_TIMEOUT_MS = 60_000

interface Problem { code?: string, detail?: string }

interface Result { status: number, error?: Problem }

export interface SenderOptions {
  url: URL
  key: string | undefined
  signal: AbortSignal
  /** Why it takes longer. */
  onPause: (reason: string) => void
}

export interface Sent extends Omit<Counts, 'refused'> { refused: Refused[] }

export function createSender ({ url, key, signal, onPause }: SenderOptions) {
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) }

  /** undefined: not now, which has been waited for. */
  async function request (path: string, init: RequestInit): Promise<Response | undefined> {
    let response: Response
    try {
      response = await fetch(`${url.href.replace(/\/$/, '')}${path}`, { ...init, headers: { ...headers, ...init.headers }, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })
    } catch (error) {
      const { message, cause } = error as Error & { cause?: { code?: string, message?: string } }
      await pause(`the service cannot be reached (${cause?.code ?? cause?.message ?? message})`)
      return undefined
    }
    if (response.ok || isOfOperations(response)) return response
    const { code, detail } = await response.json().catch(() => ({})) as Problem
    if (response.status !== 429 && response.status !== 503) throw new Failure(`The service refuses the import: ${response.status} ${detail ?? code ?? response.statusText}`)
    await pause(`${response.status} ${code ?? response.statusText}`, response)
    return undefined
  }

  async function pause (reason: string, response?: Response) {
    onPause(reason)
    await sleep(Math.max(Number(response?.headers.get('retry-after') ?? 0) * 1000, PAUSE_MS), undefined, { signal })
  }

  async function attempt<T> (work: () => Promise<T | undefined>): Promise<T> {
    const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
    while (performance.now() < giveUpAt) {
      signal.throwIfAborted()
      const done = await work()
      if (done !== undefined) return done
    }
    throw new Failure(`The service has taken nothing for ${GIVE_UP_AFTER_MS / 60_000} minutes. Run the same command again to go on.`)
  }

  /**
   * Without an Idempotency-Key, which Redis would have to keep for each ticket: what was applied is found to be there when it is sent again.
   */
  async function post (operations: readonly Operation[]): Promise<Result[]> {
    const body = `{"operations":[${operations.map(({ json }) => json).join()}]}`
    const response = await attempt(() => request('/tickets/batch', { method: 'POST', body }))
    if (response.ok) return await repeatLate(operations, await response.json() as { results: Result[] }, response)
    if (operations.length === 1) return [{ status: response.status, error: await response.json() as Problem }]
    // One of them is why the body cannot be read: nested too deeply, for instance.
    const middle = operations.length >> 1
    return [...await post(operations.slice(0, middle)), ...await post(operations.slice(middle))]
  }

  /** Sends again what the service could not take at that moment. */
  async function repeatLate (operations: readonly Operation[], { results }: { results: Result[] }, response: Response): Promise<Result[]> {
    const late = operations.filter((_operation, i) => results[i]!.status === 503)
    if (late.length === 0) return results
    await pause(`503 ${results.find(({ status }) => status === 503)!.error?.code}`, response)
    const repeated = (await attempt(async () => await post(late))).values()
    return results.map(result => result.status === 503 ? repeated.next().value! : result)
  }

  async function read (ids: readonly unknown[]): Promise<Map<unknown, Record<string, unknown>>> {
    const found = new Map<unknown, Record<string, unknown>>()
    for (let left = ids; left.length > 0;) {
      const { tickets, unprocessed = [] } = await attempt(async () => {
        const response = await request(`/tickets?ids=${left.join()}`, { method: 'GET' })
        return response && await response.json() as { tickets: Record<string, unknown>[], unprocessed?: unknown[] }
      })
      for (const ticket of tickets) found.set(ticket.ticket_id, ticket)
      left = unprocessed
    }
    return found
  }

  return async ({ operations, refused }: Batch): Promise<Sent> => {
    const sent: Sent = { imported: 0, existing: 0, refused: [...refused] }
    if (operations.length === 0) return sent
    const results = await post(operations)
    const taken = operations.filter((_operation, i) => results[i]!.status === 409)
    const held = await read([...new Set(taken.map(({ fields }) => fields.ticket_id))])
    for (const [i, operation] of operations.entries()) {
      const { status, error } = results[i]!
      if (status < 300) {
        sent.imported += 1
        continue
      }
      const ticket = status === 409 ? held.get(operation.fields.ticket_id) : undefined
      const others = ticket && differences(operation.fields, ticket)
      if (others?.length === 0) sent.existing += 1
      else sent.refused.push({ line: operation.line, reason: others ? `the ticket exists already, and differs in ${others.join(', ')}` : `${error?.code}: ${error?.detail}`, text: operation.text })
    }
    sent.refused.sort((one, other) => one.line - other.line)
    return sent
  }
}

/** Whether the body is refused for what is in it. */
const isOfOperations = ({ status }: Response): boolean => status === 400 || status === 413

/** The names of the fields that the ticket does not have as they were to be imported. */
function differences ({ op: _, ...fields }: Record<string, unknown>, ticket: Record<string, unknown>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const isEmpty = name === 'custom_fields' && Object.keys(value as object).length === 0
    return isDeepStrictEqual(value, ticket[name] ?? (isEmpty ? value : undefined)) ? [] : [name]
  })
}
