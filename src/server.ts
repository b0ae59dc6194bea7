/** The entry of the process. It has Node keep what it compiles of all other files, types stripped, for the starts to come. */
import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

/** Beside the packages, where only those can write who can change the code. NODE_COMPILE_CACHE names another one. */
const CACHE = fileURLToPath(new URL('../node_modules/.cache/ticket-metadata-service', import.meta.url))

// Where it cannot be written, or is damaged, Node compiles anew.
enableCompileCache(CACHE)

// V8 learns which places in the code make objects that live long, and puts what they make among the old objects at once, for as long as the
// process lives. While the service starts it learns that of places that make the objects of requests. Among the old ones a dead object keeps
// alive what it refers to until the next full collection.
setFlagsFromString('--no-allocation-site-pretenuring')

// V8's compiler between the baseline and the optimizing one. While the service starts it compiles what soon runs no more, and its code takes 40 MB for
// as long as the process lives. The optimizing one takes over all that stays hot (docs/performance.md, "What memory it takes").
setFlagsFromString('--no-maglev')

await import('./start.ts')
// Not only at the end, which a process that is killed does not have.
flushCompileCache()
