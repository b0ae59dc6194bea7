import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { HttpRequest } from './table.ts'

export interface Answer { status: number, headers: Map<string, string>, body: string }

export interface Exchange {
  /** What was answered to the request, 1xx left out. */
  answers: Answer[]
  /** The connection did not take another request. */
  isClosed: boolean
}

const PROBE = 'GET /health/live HTTP/1.1\r\nHost: tickets.test\r\nConnection: close\r\n\r\n'

/** The complete answers at the beginning of what a connection has received. */
function parseAnswers (received: string): Answer[] {
  const answers: Answer[] = []
  let rest = received
  for (;;) {
    const [head, status] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest) ?? []
    if (!head) return answers
    const headers = new Map(head.trimEnd().split('\r\n').slice(1).map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
    const length = Number(headers.get('content-length') ?? 0)
    if (rest.length < head.length + length) return answers
    const body = rest.slice(head.length, head.length + length)
    rest = rest.slice(head.length + length)
    if (Number(status) >= 200) answers.push({ status: Number(status), headers, body: Buffer.from(body, 'latin1').toString() })
  }
}

/**
 * Writes bytes to a connection of their own, and after the answer a good request, which shows whether the
 * connection is still one, and whether the bytes were taken for more than one request.
 * @param options.isHalfClosed the service is told that nothing comes after the bytes
 * @param options.isProbed false: nothing comes after the bytes
 */
export async function exchange (port: number, bytes: string | Buffer, options: { isHalfClosed?: boolean, isProbed?: boolean } = {}): Promise<Exchange> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let received = ''
  let isProbed = false
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
    if (isProbed || options.isHalfClosed || options.isProbed === false || parseAnswers(received).length === 0) return
    isProbed = true
    socket.write(PROBE)
  })
  // A reset is what a closed connection answers to a probe.
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  await once(socket, 'connect')
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  if (options.isHalfClosed) socket.end()
  await closed(socket)
  const answers = parseAnswers(received)
  const isOpen = isProbed && answers.at(-1)?.status === 200 && answers.at(-1)!.body === '{"status":"ok"}'
  return { answers: isOpen ? answers.slice(0, -1) : answers, isClosed: !isOpen }
}

async function closed (socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close')
}

/** Sends a request by Node's own client, on a connection of its own. */
export async function send (port: number, { method, path, headers, body }: HttpRequest): Promise<Exchange> {
  const outgoing = request({ port, host: '127.0.0.1', method, path, headers: { host: 'tickets.test', ...headers }, agent: false })
  outgoing.setHeader('connection', 'keep-alive')
  if (body !== undefined) outgoing.setHeader('content-length', Buffer.byteLength(body))
  outgoing.end(body)
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  response.setEncoding('utf8')
  let text = ''
  for await (const part of response) text += part as string
  outgoing.destroy()
  const answer = { status: response.statusCode!, headers: new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)])), body: text }
  return { answers: [answer], isClosed: response.headers.connection === 'close' }
}
