/** Writes openapi/openapi.json from the routes: `npm run openapi`. Needs neither Redis nor MySQL. */
import { writeFile } from 'node:fs/promises'
import { describeApi } from '../src/openapi.ts'

await writeFile(new URL('../openapi/openapi.json', import.meta.url), await describeApi())
