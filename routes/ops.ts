import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fastify, type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import { createLaterApp } from '../src/http/later-app.ts'

const DIRECTORY = fileURLToPath(new URL('ops/', import.meta.url))

const SHELL = 'index.html'

const FILES = readdirSync(DIRECTORY).map(name => ({ name, url: name === SHELL ? '/ops' : `/ops/${name}` }))

/** An app that has the files alone. Each is a route of its own, so that nothing else can be asked for. */
async function createFiles (): Promise<FastifyInstance> {
  const [{ default: fastifyStatic }, { protectPages }] = await Promise.all([import('@fastify/static'), import('../src/http/pages.ts')])
  const app = fastify()
  await protectPages(app)
  await app.register(fastifyStatic, {
    root: DIRECTORY,
    serve: false,
    // A browser keeps the files and asks each time whether they have changed.
    cacheControl: false,
    setHeaders: reply => { reply.header('cache-control', 'no-cache') },
  })
  for (const { name, url } of FILES) app.get(url, async (_request, reply) => reply.sendFile(name))
  await app.ready()
  return app
}

/**
 * The page for operators, as the files that it consists of. They hold no data and are open to everybody; what the page
 * shows it asks the other routes for, with the key of whoever looks at it.
 */
const routes: FastifyPluginAsync = async app => {
  const answer = createLaterApp(app, createFiles)
  for (const { url } of FILES) app.get(url, { schema: { hide: true }, config: { access: 'public' } }, answer)
}

export default routes
