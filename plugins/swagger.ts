import fp from 'fastify-plugin'
import { showsDocs, type Config } from '../src/config.ts'
import { createLaterApp } from '../src/http/later-app.ts'

/** OpenAPI 3.1 from the routes' own schemas, for programs at /openapi.json and for people, in Swagger UI, at /docs. */
export default fp<{ config: Config }>(async (app, { config }) => {
  if (!showsDocs(config)) return
  const answer = createLaterApp(app, async () => {
    const { createDocs } = await import('../src/http/docs.ts')
    return await createDocs(app)
  })
  for (const url of ['/openapi.json', '/docs', '/docs/*']) app.get(url, { config: { access: 'public' }, schema: { hide: true } }, answer)
}, { name: 'swagger', dependencies: ['auth', 'errors'] })
