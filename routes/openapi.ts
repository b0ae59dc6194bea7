import type { FastifyPluginAsync } from 'fastify'

/** The description of all routes, for programs. */
const routes: FastifyPluginAsync = async app => {
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger())
}

export default routes
