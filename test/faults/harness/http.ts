import { Agent, request } from 'node:http'
import type { Test } from 'tap'

export interface Answer {
  status: number
  body: unknown
}

/** Callers of the service that keep their connections. A call rejects when the connection breaks, or no answer comes in time. */
export function createCaller (t: Test, deadlineMs: number) {
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => { agent.destroy() })

  return (method: string, url: string, body?: unknown) => new Promise<Answer>((resolve, reject) => {
    const sent = request(url, {
      method,
      agent,
      signal: AbortSignal.timeout(deadlineMs),
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
    }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => { chunks.push(chunk) })
      response.on('error', reject)
      response.on('end', () => { resolve({ status: response.statusCode!, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown }) })
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

export type Call = ReturnType<typeof createCaller>
