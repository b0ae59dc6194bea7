/** The entry of the process. It has Node keep what it compiles of all other files, types stripped, for the starts to come. */
import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

/** Beside the packages, where only those can write who can change the code. NODE_COMPILE_CACHE names another one. */
const CACHE = fileURLToPath(new URL('../node_modules/.cache/ticket-metadata-service', import.meta.url))

// Where it cannot be written, or is damaged, Node compiles anew.
enableCompileCache(CACHE)

// V8 allocates what has survived among the old objects from the first. What survives a start, or a moment of much work, is the objects of
// requests, too: from then on each dead one holds the next ones until a full collection, for as long as the process lives.
setFlagsFromString('--no-allocation-site-pretenuring')

await import('./start.ts')
// Not only at the end, which a process that is killed does not have.
flushCompileCache()
