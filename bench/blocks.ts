/**
 * How long one request can occupy the event loop, in which all others wait: `npm run bench:blocks`. A line for each of the
 * heaviest requests: what its longest turn costs in CPU, the median of its rounds.
 */
import { join } from 'node:path'
import { freePort, LOOPBACK } from '../scripts/lib/loopback.mjs'
import { main } from '../scripts/lib/main.mjs'
import { startMariadb } from '../scripts/lib/mariadb.mjs'
import { startRedis } from '../scripts/lib/redis.mjs'
import { startService } from '../scripts/lib/service.mjs'
import { temporaryDirectory } from '../scripts/lib/temporary.mjs'
import { median } from './lib/statistics.ts'
import { heavyRequests, type HeavyRequest } from './lib/heavy-requests.ts'

const ROUNDS = 5

/** As many as a list may name, small ones and ones of 50 KB. */
const TICKETS = 500
const LARGE_FROM = 1000

const PROBE = new URL('servers/block-probe.ts', import.meta.url).href

const ids = (first: number) => Array.from({ length: TICKETS }, (_, i) => first + i)

await main(async () => {
  const directory = await temporaryDirectory()
  const [redis, mariadb] = await Promise.all([startRedis({ directory: join(directory, 'redis') }), startMariadb({ directory: join(directory, 'mariadb') })])
  const probePort = await freePort()
  const service = await startService({
    directory: join(directory, 'service'),
    port: await freePort(),
    redisUrl: redis.url,
    mysqlUrl: mariadb.url,
    variables: { BLOCK_PROBE_PORT: String(probePort), LOG_LEVEL: 'error' },
    wrap: (command, args) => ({ command, args: ['--import', PROBE, ...args] }),
  })

  let attempt = 0
  async function send ({ method, path, body }: HeavyRequest): Promise<number> {
    const response = await fetch(service.url + path, { method, body, headers: body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': `attempt-${attempt++}` } })
    await response.arrayBuffer()
    return response.status
  }
  const blocked = async () => (await (await fetch(`http://${LOOPBACK}:${probePort}`)).json() as { blockedMs: number }).blockedMs

  async function fillStore (first: number, custom: Record<string, string>) {
    for (const id of ids(first)) await send({ what: '', method: 'POST', path: `/tickets/${id}`, body: JSON.stringify({ customer_id: 1, custom_fields: custom }) })
  }
  await fillStore(1, {})
  await fillStore(LARGE_FROM, Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field_${i}`, 'x'.repeat(1024)])))

  const large = heavyRequests(ids(LARGE_FROM)).filter(({ path }) => /ids|flush$|resync$/.test(path))
    .map(request => ({ ...request, what: `${request.what}, tickets of 50 KB` }))

  console.log('| request | status | longest turn, ms of CPU |\n| --- | --- | --- |')
  for (const request of [...heavyRequests(ids(1)), ...large]) {
    const rounds: number[] = []
    let status = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      await blocked()
      status = await send(request)
      rounds.push(await blocked())
    }
    console.log(`| ${request.what} | ${status} | ${median(rounds).toFixed(0)} |`)
  }
})
