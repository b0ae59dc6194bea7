import { readFileSync } from 'node:fs'
import t from 'tap'
import { otherAnswers } from '../../../bench/lib/answers.ts'
import { choosePair, parseCores } from '../../../bench/lib/cores.ts'
import { skippedOf } from '../../../bench/lib/measure.ts'
import { createPlan, readOptions } from '../../../bench/lib/options.ts'
import { readSummary } from '../../../bench/lib/wrk.ts'
import { type Scenario, SCENARIOS } from '../../../bench/scenarios/index.ts'

const names = ['post', 'patch', 'get']

t.test('options', async t => {
  t.match(readOptions([], names), { quick: false, only: undefined, list: false, help: false })
  t.match(readOptions(['--quick', '--only', 'get,post', '--out', 'x'], names), { quick: true, only: ['post', 'get'], out: 'x' })
  t.strictSame(readOptions(['--only', 'get', '--only', 'post'], names).only, ['post', 'get'])
  t.strictSame([[], ['--only', 'post'], ['--quick'], ['--mysql-rows', '10000000'], ['--mysql-rows', '5000']].map(args => readOptions(args, names).isWhole), [true, false, false, true, false])
  t.strictSame([[], ['--quick'], ['--mysql-rows', '10000000', '--quick']].map(args => createPlan(readOptions(args, names)).mysqlRows), [1_000_000, 4000, 10_000_000])
  for (const wrong of [['--only', 'put'], ['--fast'], ['post'], ['--only'], ['--out'], ['--mysql-rows', '999'], ['--mysql-rows', 'many'], ['--mysql-rows', '1e6.5']]) {
    t.throws(() => readOptions(wrong, names), /Usage: npm run bench/, wrong.join(' '))
  }
})

t.test('the list of cores, as Linux writes it', async t => {
  t.strictSame(parseCores('0,1'), [0, 1])
  t.strictSame(parseCores('2-4,7'), [2, 3, 4, 7])
  t.strictSame(parseCores(''), [])
})

t.test('two threads of one core are taken only where there is nothing else', async t => {
  const siblings = (core: number) => [core % 2, core % 2 + 2]
  t.strictSame(choosePair([0, 2, 3], siblings), { first: 0, second: 3, isShared: false })
  t.strictSame(choosePair([1, 3], siblings), { first: 1, second: 3, isShared: true })
  t.equal(choosePair([1], siblings), undefined)
})

t.test('answers that are no errors, and yet not what is measured', async t => {
  const line = (status: number, count: number) => `tickets_http_request_duration_seconds_count{method="POST",route="/tickets/:id",status="${status}"} ${count}\n`
  t.strictSame(otherAnswers(line(201, 9) + line(200, 1) + line(409, 5) + line(202, 0)), [])
  t.strictSame(otherAnswers(line(201, 9) + line(202, 3) + line(207, 1) + line(304, 2)), ['3 with status 202', '1 with status 207', '2 with status 304'])
})

t.test('the measures have names of their own, which the documentation has, with what they are', async t => {
  const page = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8')
  const documented = [...page.matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(([, name, title]) => ({ name, title }))
  t.strictSame(documented, SCENARIOS.map(({ name, title }) => ({ name, title })))
  t.equal(new Set(documented.map(({ name }) => name)).size, documented.length)
})

t.test('the summary of a load', async t => {
  const summary = { requests: 100, seconds: 0.5, p50_ms: 1, p99_ms: 2, unexpected: 0, first_unexpected: '', socket_errors: 0 }
  const read = (changes: Partial<typeof summary>) => readSummary(['Running 1m test', JSON.stringify({ ...summary, ...changes }), ''], 'http://a')
  t.match(read({}), { requests: 100, rate: 200, p50_ms: 1, p99_ms: 2 })
  t.throws(() => read({ unexpected: 3, first_unexpected: '409 {"code":"ticket_exists"}' }), /3 of 100 .*\n409 .*ticket_exists/)
  t.throws(() => read({ socket_errors: 1 }), /not answered/)
  t.throws(() => read({ requests: 0 }), /answered nothing/)
  t.throws(() => readSummary(['unable to connect'], 'http://a'), /unable to connect/)
})

t.test('a measure is skipped, or a part of it, for want of a program, and it is said why', async t => {
  const scenario: Scenario = { name: 'a', title: 'A', minutes: 1, needs: ['wrk'], wants: ['webdis'], run: async () => [] }
  t.strictSame(skippedOf(scenario, new Map()), [])
  t.strictSame(skippedOf(scenario, new Map([['webdis' as const, 'no Webdis']])), [{ scenario: 'a part of a', reason: 'no Webdis' }])
  t.strictSame(skippedOf(scenario, new Map([['webdis' as const, 'no Webdis'], ['wrk' as const, 'no wrk']])), [{ scenario: 'a', reason: 'no wrk' }])
})
