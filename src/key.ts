/** Makes an API key: `npm run key -- NAME SCOPES`. The service keeps only its hash, so it is shown once. */
import { createApiKey } from './auth/api-keys.ts'

const [name, scopes, ...rest] = process.argv.slice(2)
try {
  if (!name || !scopes || rest.length > 0) throw new Error('Usage: npm run key -- NAME SCOPES\nwith a name for who will have it, and scopes like read+write or ops')
  const { key, entry } = createApiKey(name, scopes)
  console.log(`The key, which nobody can show again. Give it to ${name}, to be sent as "Authorization: Bearer KEY":

  ${key}

What the service needs to know of it. Add it to API_KEYS, after a comma if there are others, and restart:

  ${entry}`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
