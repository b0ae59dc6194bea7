import { version as serviceVersion } from '../config.ts'
import { TimeoutError, withTimeout } from '../util/async.ts'
import { AddressRefused, createGuardedLookup, findAddressFault } from './address-guard.ts'
import { RETRY_AFTER_MAX_MS } from './schedule.ts'
import { signedHeaders, toBody, webhookId, type Notice } from './signature.ts'
import type { Target } from './targets.ts'

/** What is read of an answer, which nobody looks at, before the connection is given up. */
const ANSWER_BYTES_MAX = 64 * 1024

/** The target has too much to do (https://github.com/standard-webhooks/standard-webhooks, "Delivery success and failure"). */
const BUSY = [429, 502, 503, 504]

/** What became of an attempt. */
export type Outcome =
  | { kind: 'delivered' }
  /** 410: the target wants nothing any more. */
  | { kind: 'gone', reason: string }
  | { kind: 'failed', reason: string, isBusy: boolean, retryAfterMs: number }
  /** It was cut off because the service stops. It may have arrived. */
  | { kind: 'aborted' }

interface Answer { status: number, retryAfter: string | undefined }

/** Sends to one target. Never rejects. */
export function createSender (target: Target, { timeoutMs, connectionsMax }: { timeoutMs: number, connectionsMax: number }) {
  const { name, url, keys, allowPrivate } = target
  const isPlain = url.protocol === 'http:'
  // Not imported, as in src/http/parser-errors.ts.
  const client = isPlain ? process.getBuiltinModule('node:http') : process.getBuiltinModule('node:https')
  const agent = new client.Agent({ keepAlive: true, maxSockets: connectionsMax, maxFreeSockets: 1 })
  const rules = { allowPrivate, isPlain }
  const lookup = createGuardedLookup(rules)

  /** Resolves when the answer is over, or too long. Redirects are not followed. */
  const post = (headers: Record<string, string>, body: string, signal: AbortSignal): Promise<Answer> => new Promise<Answer>((resolve, reject) => {
    // No look-up is made of an address.
    const fault = findAddressFault(url.hostname, rules)
    if (fault) throw new AddressRefused(fault)
    const request = client.request(url, { method: 'POST', agent, lookup, signal, headers })
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The target has closed a connection that was idle, at the moment at which it was used again. There are few of these.
      if (request.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted) resolve(post(headers, body, signal))
      else reject(error)
    })
    request.on('response', response => {
      const answer = { status: response.statusCode!, retryAfter: response.headers['retry-after'] }
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= ANSWER_BYTES_MAX) return
        resolve(answer)
        request.destroy()
      })
      response.on('end', () => { resolve(answer) })
      response.on('error', reject)
    })
    // Also one that changes to another protocol: then nothing else comes.
    request.on('close', () => { reject(new Error('the connection was closed before the answer')) })
    request.end(body)
  })

  return {
    async send (notice: Notice, ending: AbortSignal): Promise<Outcome> {
      const id = webhookId(name, notice)
      const body = toBody(notice)
      const headers = {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': `ticket-metadata-service/${serviceVersion}`,
        ...signedHeaders(keys, id, body, Math.floor(Date.now() / 1000)),
      }
      try {
        return toOutcome(await withTimeout(timeoutMs, signal => post(headers, body, signal), undefined, ending))
      } catch (error) {
        if (ending.aborted) return { kind: 'aborted' }
        return { kind: 'failed', reason: reasonOf(error as Error, timeoutMs), isBusy: false, retryAfterMs: 0 }
      }
    },

    close () { agent.destroy() },
  }
}

function toOutcome ({ status, retryAfter }: Answer): Outcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone', reason: 'HTTP 410' }
  const reason = status >= 300 && status < 400 ? `HTTP ${status}: redirects are not followed` : `HTTP ${status}`
  const retryAfterMs = status === 429 || status === 503 ? toMilliseconds(retryAfter, Date.now()) : 0
  return { kind: 'failed', reason, isBusy: BUSY.includes(status), retryAfterMs }
}

/** RFC 9110, section 10.2.3: seconds, or a date. 0: there is none. */
export function toMilliseconds (retryAfter: string | undefined, nowMs: number): number {
  if (retryAfter === undefined) return 0
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - nowMs
  return ms > 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : 0
}

/** In words that hold nothing of the target's: an operator reads them. */
function reasonOf (error: Error & { code?: unknown }, timeoutMs: number): string {
  if (error instanceof TimeoutError) return `no whole answer within ${timeoutMs} ms`
  if (error instanceof AddressRefused) return error.message
  // Several addresses were tried.
  const { code } = error instanceof AggregateError ? error.errors.at(-1) as { code?: unknown } : error
  return typeof code === 'string' ? code : 'the connection was closed before the answer'
}
