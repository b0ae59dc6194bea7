import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkAnswers } from '../../../bench/lib/answers.ts'
import type { Cores } from '../../../bench/lib/cores.ts'
import { fixedWork } from '../../../bench/lib/host-speed.ts'
import { measure } from '../../../bench/lib/measure.ts'
import { createStage, type Service, type WebServer } from '../../../bench/lib/stage.ts'
import { compared, stated } from '../../../bench/lib/rows.ts'
import { reasonsAgainst } from '../../../bench/report/results.ts'
import type { Scenario } from '../../../bench/scenarios/index.ts'
import { Failure } from '../../../scripts/lib/main.mjs'
import { privateDirectory } from '../../helper.ts'
import { environment } from './example.ts'

const cores: Cores = { description: 'not pinned', underTest: (command, args) => ({ command, args }), spread: work => work({ description: 'not pinned' }) }

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

/** What becomes of measures that all do the same. */
function measureAll (t: Test, names: string[], run: Scenario['run'], quick: boolean, lookAtHost: () => Promise<number>) {
  return measure({
    scenarios: names.map(name => ({ name, title: name, minutes: 1, needs: [], wants: [], run })),
    options: { quick, isWhole: !quick, list: false, help: false },
    missing: new Map(),
    cores,
    directory: privateDirectory(t),
    lookAtHost,
  })
}

const measureOnce = (t: Test, run: Scenario['run'], quick = true, looks: number[] = []) => measureAll(t, ['a'], run, quick, async () => looks.shift() ?? 10)

const verdictOf = ({ slow, repeated }: Awaited<ReturnType<typeof measure>>) => [slow, repeated]

const measureTwo = (t: Test, run: Scenario['run'], quick: boolean, lookAtHost: () => Promise<number>) => measureAll(t, ['a', 'b'], run, quick, lookAtHost)

t.test('what went wrong first is the reason, and not how the servers ended then', async t => {
  const stopped: string[] = []
  const unclean = ending('b', { code: 1, signal: null }, stopped)
  t.strictSame((await measureOnce(t, async ({ stage }) => {
    await stage.keep(Promise.resolve(unclean))
    throw new Failure('the load broke off')
  })).failed, [{ scenario: 'a', reason: 'the load broke off' }])
  t.strictSame((await measureOnce(t, async ({ stage }) => {
    await stage.keep(Promise.resolve(unclean))
    return []
  })).failed, [{ scenario: 'a', reason: 'Unclean end of b: status 1' }])
  t.strictSame(stopped, ['b', 'b', 'b', 'b'], 'after each attempt')
})

/** A measure whose first attempts scatter; its value is the number of the attempt. */
function scattering (attempts: number) {
  let attempt = 0
  const run = async () => {
    attempt += 1
    const values = attempt <= attempts ? [0.5, 1, 1.5] : [1, 1, 1]
    return [compared({ scenario: 'a', chart: 'b', work: 'b', beside: 'c', unit: 'd', values: values.map(value => value * attempt), references: [1, 1, 1] })]
  }
  return { run, made: () => attempt }
}

t.test('what scatters is measured again, and the attempt that does not scatter counts', async t => {
  const { run, made } = scattering(2)
  const { rows, repeated, failed } = await measureOnce(t, run, false)
  t.match(rows, [{ value: 3, ratio: { low: 3, high: 3 } }])
  t.strictSame([made(), repeated, failed], [3, [{ scenario: 'a', times: 2 }], []])
})

t.test('what scatters in the end is not published, and it is said which and by how much, again and again', async t => {
  const said = t.capture(console, 'error')
  const measured = await measureOnce(t, scattering(9).run, false)
  const figures = (ratio: string) => `b, beside c: ${ratio}; its quartiles span 50 % of the median, and 25 % is the limit`
  t.strictSame(said().map(({ args }) => args[0]), ['1.00 (0.75 to 1.25)', '2.00 (1.50 to 2.50)'].map(ratio => `Repeating it, because rounds scatter:\n  ${figures(ratio)}`))
  t.equal(reasonsAgainst({ environment, ...measured }, true)[0], `Rounds scatter: ${figures('3.00 (2.25 to 3.75)')}.`)
  t.strictSame(reasonsAgainst({ environment, ...await measureOnce(t, scattering(2).run, false) }, true), [])
})

t.test('after three attempts the last one counts, scattered as it is; a quick run makes one', async t => {
  const { run, made } = scattering(9)
  t.match((await measureOnce(t, run, false)).rows, [{ value: 3, ratio: { low: 2.25, high: 3.75 } }])
  t.equal(made(), 3)
  t.match(await measureOnce(t, run), { rows: [{ value: 4 }], repeated: [] })
  t.equal(made(), 4)
})

t.test('what met a slow host is measured again, until it is as fast as it was', async t => {
  const said = t.capture(console, 'error')
  const { run, made } = scattering(0)
  // Before and after each attempt, ms of the same work.
  t.strictSame(verdictOf(await measureOnce(t, run, false, [10, 20])), [[], []], 'slow at its end alone')
  t.equal(made(), 1)
  const looks = [16, 16]
  const measureBoth = (lookAtHost: () => Promise<number>) => measureTwo(t, run, false, lookAtHost)
  const late = await measureBoth(async () => looks.shift() ?? 10)
  t.strictSame(verdictOf(late), [[{ scenario: 'a', speed: 0.625 }], []], 'the first is held against what was seen later')
  t.match(reasonsAgainst({ environment, ...late }, true), ['The host was slower while a was measured: at 63 % of its best speed in this run, and 80 % is the limit.', /^Run it again on a quieter machine/])
  looks.push(10, 10, 13, 13, 13, 13, 12, 12)
  t.strictSame(verdictOf(await measureBoth(async () => looks.shift()!)), [[], [{ scenario: 'b', times: 2 }]])
  t.strictSame(said().map(({ args }) => args[0]), Array(2).fill('Repeating it, because the host was slower: at 77 % of its best speed in this run, and 80 % is the limit'))
  looks.push(10, 10, 13, 13, 13, 13, 13, 13)
  t.strictSame(verdictOf(await measureBoth(async () => looks.shift()!)), [[{ scenario: 'b', speed: 10 / 13 }], [{ scenario: 'b', times: 2 }]], 'three attempts are enough')
})

t.test('a run that makes no claim is not held against the speed of its host', async t => {
  const looks = [10, 10, 20, 20]
  t.strictSame(verdictOf(await measureTwo(t, scattering(0).run, true, async () => looks.shift()!)), [[], []])
})

t.test('how long a fixed work takes is measured', async t => {
  t.ok(await fixedWork(cores) > 0)
})

t.test('an attempt that fails is repeated, once in a quick run', async t => {
  const failing = (failures: number) => {
    let attempt = 0
    return async () => {
      attempt += 1
      if (attempt <= failures) throw new Failure(`attempt ${attempt} was disturbed`)
      return [stated({ scenario: 'a', work: 'b', unit: 'd', values: [attempt] })]
    }
  }
  t.match(await measureOnce(t, failing(1)), { rows: [{ value: 2 }], failed: [], repeated: [{ scenario: 'a', times: 1 }] })
  t.match(await measureOnce(t, failing(2)), { rows: [], failed: [{ scenario: 'a', reason: 'attempt 2 was disturbed' }] })
  t.match(await measureOnce(t, failing(2), false), { rows: [{ value: 3 }], failed: [] })
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
