/** Writes openapi/openapi.json from the routes: `npm run openapi`. Needs neither Redis nor MySQL. */
import { writeFile } from 'node:fs/promises'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { createDocs } from '../src/http/docs.ts'

/**
 * The OpenAPI document of the service with its default configuration, as the text of
 * openapi/openapi.json. The stores are not needed: the service starts without them.
 */
export async function describeApi (): Promise<string> {
  const nowhere = { REDIS_URL: 'redis://127.0.0.1:1/0', MYSQL_URL: 'mysql://root@127.0.0.1:1/tickets' }
  const app = await buildApp(loadConfig({ ...nowhere, LOG_LEVEL: 'silent' }))
  try {
    await app.ready()
    return `${JSON.stringify((await createDocs(app)).swagger(), null, 2)}\n`
  } finally {
    await app.close()
  }
}

if (import.meta.main) await writeFile(new URL('../openapi/openapi.json', import.meta.url), await describeApi())
