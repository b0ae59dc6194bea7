import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'

const DIRECTORY = fileURLToPath(new URL('ops/', import.meta.url))

const SHELL = 'index.html'

/** The page asks this service and nobody else, runs no code but its own files, and is shown in no frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ')

/**
 * The page for operators, as the files that it consists of. They hold no data and are open to everybody; what the page
 * shows it asks the other routes for, with the key of whoever looks at it.
 */
const routes: FastifyPluginAsync = async app => {
  await app.register(fastifyStatic, {
    root: DIRECTORY,
    // Each file is a route of its own below, so that nothing else can be asked for.
    serve: false,
    // A browser keeps the files and asks each time whether they have changed.
    cacheControl: false,
    setHeaders: reply => { reply.header('cache-control', 'no-cache') },
  })

  app.addHook('onSend', async (_request, reply) => { reply.header('content-security-policy', CONTENT_SECURITY_POLICY) })

  for (const name of readdirSync(DIRECTORY)) {
    const url = name === SHELL ? '/ops' : `/ops/${name}`
    app.get(url, { schema: { hide: true }, config: { access: 'public' } }, async (_request, reply) => reply.sendFile(name))
  }
}

export default routes
