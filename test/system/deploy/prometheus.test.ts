import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findPrometheus } from '../../../scripts/lib/prometheus.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { Environment } from '../../../src/config.ts'
import { createService } from '../../helper.ts'
import { webhooks } from '../../webhooks/receiver.ts'
import { checkNames, configureFor, filesOf, privatePrometheus, readRules } from './monitoring.ts'

const rules = readRules()
const alerts = rules.filter(({ alert }) => alert !== undefined)
const page = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8')

function promtool (...args: string[]) {
  const { status, stdout, stderr } = spawnSync(findPrometheus()!.promtool, args, { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

t.test('promtool accepts the configuration and the rules, and their tests hold', async t => {
  const { configFile } = configureFor(t, { target: '127.0.0.1:3000', key: 'any' })
  for (const args of [
    ['check', 'config', configFile],
    ['check', 'rules', ...filesOf('rules').map(({ path }) => path)],
    ['test', 'rules', ...filesOf('tests').map(({ path }) => path)],
  ]) {
    const { status, output } = promtool(...args)
    t.equal(status, 0, `promtool ${args.slice(0, 2).join(' ')}\n${output}`)
  }
})

interface UnitTest { expr: string, exp_samples?: { labels: string }[] }

t.test('of every alert a test shows when it fires, and when it does not', async t => {
  const tests = filesOf('tests').flatMap(({ content }) =>
    (content as { tests: { promql_expr_test: UnitTest[] }[] }).tests.flatMap(({ promql_expr_test: each }) => each))
  /** As `ALERTS{alertname="X"}` or `=~"X|Y"` says. */
  const isOf = (alert: string) => ({ expr }: UnitTest) => /alertname=~?"([^"]*)"/.exec(expr)?.[1]!.split('|').includes(alert)

  for (const { alert = '', annotations, labels } of alerts) {
    const samples = tests.filter(isOf(alert)).flatMap(({ exp_samples: each = [] }) => each.map(sample => sample.labels))
    const firing = samples.find(sample => sample.includes(`alertname="${alert}", alertstate="firing"`))
    t.ok(firing?.includes(`severity="${labels.severity}"`), `${alert} fires`)
    t.ok(tests.filter(isOf(alert)).some(({ exp_samples: each = [] }) => !each.some(sample => sample.labels.includes('alertstate="firing"'))), `${alert} does not fire`)
    // promtool does not look at what a text is filled with.
    for (const [, label] of Object.values(annotations).join(' ').matchAll(/\$labels\.(\w+)/g)) {
      t.ok(firing?.includes(`${label}="`), `${alert} has the label ${label} that its text names`)
    }
  }
})

t.test('every alert says what it is, how grave, and what to do', async t => {
  for (const { alert = '', for: duration, labels, annotations } of alerts) {
    t.ok(duration, `${alert} waits`)
    t.match(labels, { severity: /^(critical|warning)$/ }, alert)
    t.match(annotations, { summary: /\S/, description: /\S/ }, alert)
    const anchor = alert.toLowerCase()
    t.equal(annotations.runbook, `docs/alerts.md#${anchor}`, `${alert} points at its row`)
    t.ok(page.includes(`| <a id="${anchor}"></a>\`${alert}\` | ${labels.severity} |`), `docs/alerts.md has ${alert} in its table`)
  }
  const known = new Set(alerts.map(({ alert }) => alert))
  for (const [name] of new Set([...page.matchAll(/`(Tickets[A-Z]\w+)`/g)].map(([, each]) => [each]))) t.ok(known.has(name), `${name} of docs/alerts.md is an alert`)
})

t.test('Prometheus scrapes the service with its key, evaluates the rules, and tells of a dead letter', async t => {
  const key = randomBytes(32).toString('base64url')
  const entry = (name: string, scopes: string) => `${name}:${scopes}:${createHash('sha256').update(name === 'prometheus' ? key : name).digest('hex')}`
  const { app, call: callWith, sql } = await createService(t, { API_KEYS: `${entry('prometheus', 'ops')},${entry('operator', 'write+ops')}`, FLUSH_MAX_ATTEMPTS: 1, WEBHOOKS: webhooks({ url: 'http://127.0.0.1:1/' }) })
  const call = (method: 'GET' | 'POST', url: string, body?: object) => callWith(method, url, body, { authorization: 'Bearer operator' })
  await sql.query("ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject <> 'poison')")
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'poison', status: 'closed' })
  await call('POST', '/flush')
  const target = new URL(await app.listen({ host: '127.0.0.1', port: 0 })).host
  const { configFile, setKey } = configureFor(t, { target, key })
  const { ask, query, eventually } = await privatePrometheus(t, configFile)

  interface Alert { labels: Record<string, string>, annotations: Record<string, string>, state: string }
  const alert = async (name: string) => (await ask<{ alerts: Alert[] }>('alerts')).alerts.find(({ labels }) => labels.alertname === name)
  const up = async () => (await query('up{job="tickets"}'))[0]?.value[1]

  await eventually('the service is scraped', async () => await up() === '1')
  t.match(await ask('targets'), { activeTargets: [{ scrapePool: 'tickets', labels: { instance: target }, health: 'up', lastError: '' }] })
  checkNames(t, rules.map(({ expr }) => expr), (await call('GET', '/metrics')).text)

  t.test('all rules are loaded and evaluated without an error', async t => {
    interface State { groups: { rules: { name: string, health: string, lastError?: string }[] }[] }
    const all = async () => (await ask<State>('rules')).groups.flatMap(group => group.rules)
    await eventually('all are evaluated', async () => (await all()).every(({ health }) => health !== 'unknown'))
    t.strictSame((await all()).map(({ name }) => name).sort(), rules.map(({ alert, record }) => alert ?? record).sort())
    t.strictSame((await all()).filter(({ health }) => health !== 'ok'), [])
  })

  t.test('the dead letter is an alert', async t => {
    await eventually('TicketsDeadLetters', async () => await alert('TicketsDeadLetters') !== undefined)
    t.match(await alert('TicketsDeadLetters'), {
      labels: { job: 'tickets', severity: 'warning' },
      annotations: { summary: 'Tickets that MySQL refuses for good: 1' },
      state: /pending|firing/,
    })
  })

  t.test('with a wrong key nothing is scraped, which is an alert too', { skip: !('API_KEYS' in Environment.properties) && 'there are no keys yet' }, async t => {
    setKey('wrong')
    await eventually('the scrape is refused', async () => await up() === '0')
    t.match(await ask('targets'), { activeTargets: [{ health: 'down', lastError: /401/ }] })
    await eventually('TicketsScrapeFailing', async () => await alert('TicketsScrapeFailing') !== undefined)
    t.match(await alert('TicketsScrapeFailing'), { annotations: { summary: `${target} does not answer its scrape` }, state: /pending|firing/ })
  })
})
