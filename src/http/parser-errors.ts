import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import { DATA_HEADERS } from './security-headers.ts'

/** Why a request was refused that no route saw. */
export const REFUSALS = ['not_http', 'too_slow', 'headers_too_large', 'bad_path'] as const

export type Refusal = typeof REFUSALS[number]

/** What Node's parser says of a request that is not HTTP, or too slow or too large to be one. */
function toProblem ({ code }: NodeJS.ErrnoException): [Refusal, Problem] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': return ['too_slow', new Problem('request_timeout', 'Send the whole request without a pause.')]
    case 'HPE_HEADER_OVERFLOW': return ['headers_too_large', new Problem('headers_too_large', 'Send less than 16 KiB of URL and headers together. In a URL, ask for fewer ids, or values of a filter, at a time.')]
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW': return ['not_http', new Problem('payload_too_large', 'Send less than 16 KiB of chunk extensions.')]
    default: return ['not_http', new Problem('validation_failed', 'The request is not HTTP/1.1.')]
  }
}

// An import would load all that the module can, a whole client and WebSockets: a twentieth of the start.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** Time to read an answer before its connection is cut. */
const LINGER_MS = 5000

/** The response that Node is working on for this socket; not part of its types. */
interface BusySocket extends Socket { _httpMessage?: ServerResponse<IncomingMessage> | null }

/** The answers to requests that no route saw. Emits `refused` for each. */
export function createParserErrors () {
  const events = new EventEmitter<{ refused: [reason: Refusal] }>()

  return {
    on: events.on.bind(events),

    /** The connection is in an unknown state, so it is answered and closed. */
    onClientError (error: NodeJS.ErrnoException, socket: BusySocket): void {
      const [reason, problem] = toProblem(error)
      // Who has gone away was not refused.
      if (error.code !== 'ECONNRESET') events.emit('refused', reason)
      // The answer that is being worked on may be that of an earlier request, for which this one would be taken.
      const response = socket._httpMessage
      const isOfEarlier = response && (response.req.complete || response.headersSent)
      if (error.code === 'ECONNRESET' || !socket.writable || isOfEarlier) {
        socket.destroy()
        return
      }
      const body = JSON.stringify(problem.toBody('none'))
      // Who neither sends nor closes is not waited for.
      socket.setTimeout(LINGER_MS)
      socket.end([
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]!}`,
        'Content-Type: application/problem+json',
        `Content-Length: ${Buffer.byteLength(body)}`,
        ...Object.entries(DATA_HEADERS).map(([name, value]) => `${name}: ${value}`),
        'Connection: close',
        '',
        body,
      ].join('\r\n'))
    },

    /** A path that cannot be decoded, like /%zz, or that is too long. */
    onFrameworkError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
      events.emit('refused', 'bad_path')
      const problem = new Problem('validation_failed', error.code === 'FST_ERR_BAD_URL' ? 'The path cannot be decoded.' : 'The path is too long.')
      void reply.code(problem.status).headers(DATA_HEADERS).header('x-request-id', request.id).type('application/problem+json').serializer((body: unknown) => JSON.stringify(body)).send(problem.toBody(request.id))
    },
  }
}

export type ParserErrors = ReturnType<typeof createParserErrors>
