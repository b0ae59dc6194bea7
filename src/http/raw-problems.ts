import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.js'

/** Problems of requests that no route saw. */

/** What Node's parser says of a request that is not HTTP, or too slow or too large to be one. */
function toProblem ({ code }: NodeJS.ErrnoException): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': return new Problem('request_timeout', 'Send the whole request without a pause.')
    case 'HPE_HEADER_OVERFLOW': return new Problem('headers_too_large', 'Send less than 16 KiB of headers.')
    default: return new Problem('validation_failed', 'The request is not HTTP/1.1.')
  }
}

/** The response that Node is working on for this socket; not part of its types. */
interface BusySocket extends Socket { _httpMessage?: object | null }

/** The connection is in an unknown state, so it is answered and closed. */
export function onClientError (error: NodeJS.ErrnoException, socket: BusySocket): void {
  // An earlier request of the connection waits for its answer, and this one would be taken for it.
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage) {
    socket.destroy()
    return
  }
  const problem = toProblem(error)
  const body = JSON.stringify(problem.toBody('none'))
  socket.end([
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]!}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n'))
}

/** A path that cannot be decoded, like /%zz, or that is too long. */
export function onFrameworkError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = new Problem('validation_failed', error.code === 'FST_ERR_BAD_URL' ? 'The path cannot be decoded.' : 'The path is too long.')
  void reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem.toBody(request.id)))
}
