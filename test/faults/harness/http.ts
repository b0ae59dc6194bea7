import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import type { Test } from 'tap'

export interface Answer {
  /** 0: there was no answer, and the code in the body says why. */
  status: number
  body: unknown
  headers: IncomingHttpHeaders
}

/** Ways in which a call can end without an answer when servers are killed; ABORT_ERR: none came in time. */
const BROKEN = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ABORT_ERR']

export const isBroken = (error: unknown): boolean => BROKEN.includes((error as NodeJS.ErrnoException).code ?? '')

/** Callers of the service that keep their connections. */
export function createCaller (t: Test, deadlineMs: number) {
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => { agent.destroy() })

  return (method: string, url: string, body?: unknown, headers: Record<string, string> = {}) => new Promise<Answer>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      if (isBroken(error)) resolve({ status: 0, body: { code: error.code }, headers: {} })
      else reject(error)
    }
    const sent = request(url, {
      method,
      agent,
      signal: AbortSignal.timeout(deadlineMs),
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => { chunks.push(chunk) })
      response.on('error', fail)
      response.on('end', () => { resolve({ status: response.statusCode!, headers: response.headers, body: JSON.parse(Buffer.concat(chunks).toString() || 'null') as unknown }) })
    })
    sent.on('error', fail)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

export type Call = ReturnType<typeof createCaller>
