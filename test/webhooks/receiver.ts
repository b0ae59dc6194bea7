import { createHmac, randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

export const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`

/** A delivery as it arrived. */
export interface Call {
  id: string
  body: { type: string, timestamp: string, data: { ticket_id: number, version: number } }
  ticketId: number
  version: number
  raw: string
  headers: IncomingMessage['headers']
}

type Answer = (response: ServerResponse, call: Call) => unknown

const ok: Answer = response => response.writeHead(204).end()

/** Who is told, on this machine. What it answers can be changed at any time. */
export async function startReceiver (t: Test, answer: Answer = ok, serverOf: (listener: RequestListener) => ReturnType<typeof createServer> = createServer) {
  const calls: Call[] = []
  const arrived = new EventEmitter()
  let answers = answer
  const server = serverOf((request, response) => {
    void text(request).then(raw => {
      const body = JSON.parse(raw) as Call['body']
      const call = { id: String(request.headers['webhook-id']), body, ticketId: body.data.ticket_id, version: body.data.version, raw, headers: request.headers }
      calls.push(call)
      arrived.emit('call')
      return answers(response, call)
    }).catch(() => { response.destroy() })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo

  return {
    server,
    port,
    url: `http://127.0.0.1:${port}/hook`,
    calls,
    /** The tickets in the order in which they arrived. */
    ids: () => calls.map(({ ticketId }) => ticketId),
    answer (next: Answer = ok) { answers = next },
    /** Resolves with what has arrived when `fits` says so, now or later. */
    async when (fits: (calls: Call[]) => boolean): Promise<Call[]> {
      while (!fits(calls)) await once(arrived, 'call')
      return calls
    },
    /** Resolves when this number has arrived. */
    async arrived (count: number): Promise<Call[]> {
      while (calls.length < count) await once(arrived, 'call')
      return calls
    },
  }
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>

export interface TargetEntry { name?: string, url?: string, secrets?: unknown, events?: unknown, allow_private?: unknown, [name: string]: unknown }

/** WEBHOOKS with these targets. */
export const webhooks = (...entries: TargetEntry[]) =>
  JSON.stringify(entries.map(entry => ({ name: 'crm', secrets: [newSecret()], allow_private: true, ...entry })))

export const status = (code: number, headers: Record<string, string | number> = {}): Answer => response => response.writeHead(code, headers).end()

/** Whether one of the signatures is that of the secret, as the specification says. */
export function isSigned ({ headers, raw }: Pick<Call, 'headers' | 'raw'>, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const wanted = `v1,${createHmac('sha256', key).update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${raw}`).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(wanted)
}
