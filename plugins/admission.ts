import { Transform } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { callerOf } from '../src/auth/caller.ts'
import { overloaded } from '../src/errors.ts'
import { Held } from '../src/http/held.ts'
import { createBudget } from '../src/util/budget.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What it holds in memory; null: it is one that everybody may send. */
    held: Held | null
    /** To be called when nothing of its body is needed any more; null: the body is short, or there is none. */
    endWork: (() => void) | null
  }
}

/**
 * Bytes of requests and answers that one caller may hold while it is alone: eight batches of the largest size. In memory a request
 * takes several times its bytes.
 */
const HELD_BYTES_MAX = 32 * 1024 * 1024

/** A text that is measured in characters: its bytes are of no weight. */
const SHORT = 4096

/** Bytes of the body that is to come, as far as they are known. */
const bodyBytes = ({ headers, route }: FastifyRequest): number => Math.min(Number(headers['content-length'] ?? 0), route.bodyLimit)

/**
 * Admits a request as long as its caller holds no more than its share of the memory for requests and answers: an answer
 * counts until the client has taken it, or is gone. So a caller who leaves answers unread, or sends more than is worked off, is refused
 * by itself, before its body is read.
 */
export default fp(async app => {
  const budget = createBudget(Infinity, HELD_BYTES_MAX, app.countOverload)

  app.decorateRequest('held', null)
  app.decorateRequest('endWork', null)

  app.addHook('onRequest', (request, reply, done) => {
    // Whether the process is alive is asked all the more then.
    if (request.is404 || request.route.config.access === 'public') {
      done()
      return
    }
    const held = Held.take(budget, callerOf(request), bodyBytes(request))
    if (!held) {
      done(overloaded())
      return
    }
    request.held = held
    // Also when the client is gone, of which Fastify's hooks say nothing.
    reply.raw.on('close', () => { held.release() })
    done()
  })

  app.addHook('preParsing', ({ held, headers }, _reply, payload, done) => {
    if (!held || headers['transfer-encoding'] === undefined) done(null, payload)
    else done(null, payload.pipe(counted(held)))
  })

  app.addHook('onSend', (request, _reply, payload, done) => {
    const { held, endWork } = request
    // Also for a client that is gone: what it has sent is carried out.
    endWork?.()
    request.endWork = null
    if (typeof payload === 'string') held?.setAnswer(payload.length < SHORT ? payload.length : Buffer.byteLength(payload))
    else if (Buffer.isBuffer(payload)) held?.setAnswer(payload.length)
    done(null, payload)
  })
}, { name: 'admission', dependencies: ['auth', 'overload', 'route'] })

/** A body of which nobody knows how long it will be: refused where its caller has come to its share. */
const counted = (held: Held) => new Transform({
  transform (chunk: Buffer, _encoding, done) {
    held.addBody(chunk.length)
    if (held.isSpent()) done(overloaded())
    else done(null, chunk)
  },
})
