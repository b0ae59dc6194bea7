import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.js'
import { DATA_HEADERS } from './security-headers.js'

/** Problems of requests that no route saw. */

/** What Node's parser says of a request that is not HTTP, or too slow or too large to be one. */
function toProblem ({ code }: NodeJS.ErrnoException): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': return new Problem('request_timeout', 'Send the whole request without a pause.')
    case 'HPE_HEADER_OVERFLOW': return new Problem('headers_too_large', 'Send less than 16 KiB of headers.')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW': return new Problem('payload_too_large', 'Send less than 16 KiB of chunk extensions.')
    default: return new Problem('validation_failed', 'The request is not HTTP/1.1.')
  }
}

/** Time to read an answer before its connection is cut. */
const LINGER_MS = 5000

/** The response that Node is working on for this socket; not part of its types. */
interface BusySocket extends Socket { _httpMessage?: ServerResponse<IncomingMessage> | null }

/** The connection is in an unknown state, so it is answered and closed. */
export function onClientError (error: NodeJS.ErrnoException, socket: BusySocket): void {
  // The answer that is being worked on may be that of an earlier request, for which this one would be taken.
  const response = socket._httpMessage
  const isOfEarlier = response && (response.req.complete || response.headersSent)
  if (error.code === 'ECONNRESET' || !socket.writable || isOfEarlier) {
    socket.destroy()
    return
  }
  const problem = toProblem(error)
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
}

/** A path that cannot be decoded, like /%zz, or that is too long. */
export function onFrameworkError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = new Problem('validation_failed', error.code === 'FST_ERR_BAD_URL' ? 'The path cannot be decoded.' : 'The path is too long.')
  void reply.code(problem.status).headers(DATA_HEADERS).header('x-request-id', request.id).type('application/problem+json').serializer((body: unknown) => JSON.stringify(body)).send(problem.toBody(request.id))
}
