import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { contender } from '../../../bench/lib/contender.ts'
import type { Stage, WebServer } from '../../../bench/lib/stage.ts'
import { paced, pauseFor } from '../../../bench/lib/pace.ts'
import { WRK } from '../../../scripts/lib/bench-programs.mjs'
import { isListening } from '../../../scripts/lib/loopback.mjs'

t.test('a pause makes the rate, and an answer takes its time too', async t => {
  t.equal(pauseFor(1000, 64), 63)
  t.equal(pauseFor(1_000_000, 64), 0.1, 'never none')
})

/** Whose answers take so long, so that pauses make another rate than they would by themselves. */
function slow (answerMs: number) {
  const pauses: number[] = []
  return {
    pauses,
    name: 'slow',
    measure: async (_isStrict: boolean, { pauseMs }: { pauseMs: number }) => {
      pauses.push(pauseMs)
      return { rate: 1000 * 64 / (pauseMs + answerMs) }
    },
  }
}

t.test('a rate that is missed corrects the pause', async t => {
  const contender = slow(21)
  const { measure } = paced({ contender, rate: 1000, connections: 64, seconds: 1 })
  t.match(await measure(), { rate: 1000 })
  t.strictSame(contender.pauses, [63, 43])
  await measure()
  t.strictSame(contender.pauses, [63, 43, 43], 'and stays so')
})

t.test('a rate that cannot be reached is no measurement', async t => {
  const contender = slow(100)
  await t.rejects(paced({ contender, rate: 1000, connections: 64, seconds: 1 }).measure(), /did not come within 25 % of 1000 requests\/s to slow/)
  t.equal(contender.pauses.length, 8)
})

t.test('on a machine that is never as it was, the nearest of the slices counts', async t => {
  const rates = [1300, 700, 1180, 850, 1400, 600, 1160, 1500]
  const contender = { name: 'unsteady', measure: async () => ({ rate: rates.shift()! }) }
  t.match(await paced({ contender, rate: 1000, connections: 64, seconds: 1 }).measure(), { rate: 850 }, '15 % off, and the others more')
})

t.test('a slice in which nothing is answered is too short: another follows, and not for ever', { skip: !WRK.find() && 'wrk is not on this machine' }, async t => {
  let asked = 0
  let answersFrom = 3
  const server = createHttpServer((_request, response) => {
    asked += 1
    if (asked >= answersFrom) response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stage = { ownPlace: () => t.testdir() } as unknown as Stage
  const options = { name: 'slow', stage, server: { url, pid: process.pid } as WebServer, requests: ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'], statuses: [200], seconds: 0.1, connections: 1 }
  const slow = contender(options)
  for (const isStrict of [true, false]) {
    asked = 0
    t.ok((await slow.measure(isStrict)).requests > 0, 'the third slice')
  }
  const { requests, rate } = await contender({ ...options, warmupSeconds: 1 }).measure(true)
  t.ok(requests / rate > 0.9, 'as long as it is to be while warming up')
  answersFrom = Infinity
  asked = 0
  await t.rejects(slow.measure(false), /answered nothing/)
  t.equal(asked, 5, 'of one, two, four, eight and sixteen times its length')
})

t.test('whether somebody listens is asked without listening', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  t.ok(await isListening(port))
  server.close()
  await once(server, 'close')
  t.notOk(await isListening(port))
})
