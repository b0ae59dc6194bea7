import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Of a request, what decides which answer a page is: whether the browser has it, or only wants a part of it. */
const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-range', 'range']

/** That a condition is not met, or there is no such part. */
const UNMET = [412, 416]

/** Of an answer, what the app in front says itself. */
const OWN_HEADERS = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']

const pick = <Value>(values: Record<string, Value>, fits: (name: string) => boolean) => Object.fromEntries(Object.entries(values).filter(([name]) => fits(name)))

/**
 * The answers of an app that is built when somebody first asks for one of them: its packages are a tenth of the start and some megabytes, which
 * a service whose pages nobody opens does not need. A GET without a body, whose answer is small.
 * @param build resolves with an app that does not listen
 */
export function createLaterApp (app: FastifyInstance, build: () => Promise<FastifyInstance>) {
  let building: Promise<FastifyInstance> | undefined

  app.addHook('onClose', async () => { await (await building?.catch(() => undefined))?.close() })

  return async (request: FastifyRequest, reply: FastifyReply) => {
    building ??= build()
    let built
    try {
      built = await building
    } catch (error) {
      // The next request tries again.
      building = undefined
      throw error
    }
    const answer = await built.inject({ url: request.url, headers: pick(request.headers, name => CONDITIONS.includes(name)) })
    // Where there is no such file, or none that may be asked for.
    if (answer.statusCode >= 400 && answer.statusCode < 500 && !UNMET.includes(answer.statusCode)) {
      reply.callNotFound()
      return reply
    }
    if (answer.statusCode >= 500) throw new Error(`${request.url} was answered with ${answer.statusCode}: ${answer.body}`)
    return await reply.code(answer.statusCode).headers(pick(answer.headers, name => !OWN_HEADERS.includes(name))).send(answer.rawPayload.length > 0 ? answer.rawPayload : undefined)
  }
}
