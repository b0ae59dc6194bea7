import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { protectPages } from '../src/http/security-headers.ts'

const DIRECTORY = fileURLToPath(new URL('ops/', import.meta.url))

const SHELL = 'index.html'

/**
 * The page for operators, as the files that it consists of. They hold no data and are open to everybody; what the page
 * shows it asks the other routes for, with the key of whoever looks at it.
 */
const routes: FastifyPluginAsync = async app => {
  await protectPages(app)
  await app.register(fastifyStatic, {
    root: DIRECTORY,
    // Each file is a route of its own below, so that nothing else can be asked for.
    serve: false,
    // A browser keeps the files and asks each time whether they have changed.
    cacheControl: false,
    setHeaders: reply => { reply.header('cache-control', 'no-cache') },
  })

  for (const name of readdirSync(DIRECTORY)) {
    const url = name === SHELL ? '/ops' : `/ops/${name}`
    app.get(url, { schema: { hide: true }, config: { access: 'public' } }, async (_request, reply) => reply.sendFile(name))
  }
}

export default routes
