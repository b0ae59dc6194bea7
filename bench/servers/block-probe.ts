/**
 * Loaded into the service before it starts (`--import`): tells over HTTP, on BLOCK_PROBE_PORT, what the longest turn of its
 * event loop cost since it was last asked, in CPU of the thread. By the clock it would be as long as the machine is busy.
 */
import { createServer } from 'node:http'

let longestUs = 0
let lastUs = 0

/** Once in each turn; so the loop never sleeps, which is part of no measure. */
function look () {
  const { user, system } = process.threadCpuUsage()
  longestUs = Math.max(longestUs, user + system - lastUs)
  lastUs = user + system
  setImmediate(look).unref()
}
setImmediate(look).unref()

createServer((_request, response) => {
  response.end(JSON.stringify({ blockedMs: longestUs / 1000 }))
  longestUs = 0
}).listen(Number(process.env.BLOCK_PROBE_PORT), '127.0.0.1').unref()
