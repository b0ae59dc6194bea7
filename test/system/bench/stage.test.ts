import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkAnswers } from '../../../bench/lib/answers.mjs'
import type { Cores } from '../../../bench/lib/cores.mjs'
import { measure } from '../../../bench/lib/measure.mjs'
import { createStage, type Service, type WebServer } from '../../../bench/lib/stage.mjs'
import { Failure } from '../../../scripts/lib/main.mjs'
import { privateDirectory } from '../../helper.ts'

const cores: Cores = { isPinned: false, description: 'not pinned', underTest: (command, args) => ({ command, args }), unpinned: work => work() }

/** A server that ends so, and says that it did. */
function ending (name: string, exit: { code: number | null, signal: NodeJS.Signals | null }, stopped: string[], endsBy?: NodeJS.Signals) {
  const stop = async () => {
    stopped.push(name)
    return exit
  }
  return { name, endsBy, stop, logTail: () => '' } as unknown as WebServer
}

t.test('all servers are stopped, the newest first, and the first unclean end is told', async t => {
  const directory = join(privateDirectory(t), 'stage')
  const stage = createStage(directory, cores)
  const stopped: string[] = []
  t.ok(existsSync(stage.ownPlace('redis')))
  await stage.keep(Promise.resolve(ending('a', { code: 0, signal: null }, stopped)))
  await stage.keep(Promise.resolve(ending('b', { code: 1, signal: null }, stopped)))
  await stage.keep(Promise.resolve(ending('c', { code: null, signal: 'SIGTERM' }, stopped)))
  await stage.keep(Promise.resolve(ending('d', { code: null, signal: 'SIGTERM' }, stopped, 'SIGTERM')))
  await t.rejects(stage.stop(), { message: 'Unclean end of c: SIGTERM' }, 'd knows no better, c should')
  t.strictSame(stopped, ['d', 'c', 'b', 'a'])
  t.notOk(existsSync(directory), 'and what they wrote is gone')
})

/** What becomes of a measure. */
async function result (t: Test, run: Parameters<typeof measure>[0]['scenarios'][number]['run']) {
  const { failed } = await measure({
    scenarios: [{ name: 'a', title: 'A', minutes: 1, needs: [], wants: [], run }],
    options: { quick: true, isWhole: false, list: false, help: false },
    missing: new Map(),
    cores,
    directory: privateDirectory(t),
  })
  return failed
}

t.test('what went wrong first is the reason, and not how the servers ended then', async t => {
  const stopped: string[] = []
  const unclean = ending('b', { code: 1, signal: null }, stopped)
  t.strictSame(await result(t, async ({ stage }) => {
    await stage.keep(Promise.resolve(unclean))
    throw new Failure('the load broke off')
  }), [{ scenario: 'a', reason: 'the load broke off' }])
  t.strictSame(await result(t, async ({ stage }) => {
    await stage.keep(Promise.resolve(unclean))
    return []
  }), [{ scenario: 'a', reason: 'Unclean end of b: status 1' }])
  t.equal(stopped.length, 2)
})

t.test('a service that journaled what it was sent was not measured', async t => {
  let status = 201
  const server = createServer((request, response) => {
    if (request.headers.authorization !== 'Bearer key') response.statusCode = 401
    response.end(`tickets_http_request_duration_seconds_count{method="POST",route="/tickets/:id",status="${status}"} 7\n`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const service = { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, key: 'key' } as Service
  await checkAnswers(service)
  status = 202
  await t.rejects(checkAnswers(service), { constructor: Failure, message: /not what is measured: 7 with status 202/ })
  await t.rejects(checkAnswers({ ...service, key: 'other' }), { constructor: Failure, message: /answered with 401/ })
})
