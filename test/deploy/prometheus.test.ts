import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findPrometheus } from '../../scripts/lib/prometheus.mjs'
import { ROOT } from '../../scripts/lib/project.mjs'
import { createService } from '../helper.js'
import { configureFor, filesOf, hasLabel, labelsIn, namesIn, namesOf, privatePrometheus, readRules } from './monitoring.js'

const rules = readRules()
const alerts = rules.filter(({ alert }) => alert !== undefined)
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')

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
  const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => `README.md#${heading.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-')}`)
  for (const { alert = '', for: duration, labels, annotations } of alerts) {
    t.ok(duration, `${alert} waits`)
    t.match(labels, { severity: /^(critical|warning)$/ }, alert)
    t.match(annotations, { summary: /\S/, description: /\S/ }, alert)
    t.ok(anchors.includes(annotations.runbook!), `${alert}: ${annotations.runbook} is a section`)
    t.ok(readme.includes(`| \`${alert}\` | ${labels.severity} |`), `the README has ${alert} in its table`)
  }
  const known = new Set(alerts.map(({ alert }) => alert))
  for (const [name] of new Set([...readme.matchAll(/`(Tickets[A-Z]\w+)`/g)].map(([, each]) => [each]))) t.ok(known.has(name), `${name} of the README is an alert`)
})

t.test('Prometheus scrapes the service, evaluates the rules, and tells of a dead letter', async t => {
  const { app, call, sql } = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
  await sql.query("ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject <> 'poison')")
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'poison', status: 'closed' })
  await call('POST', '/flush')
  const target = new URL(await app.listen({ host: '127.0.0.1', port: 0 })).host
  const { configFile } = configureFor(t, { target, key: 'any' })
  const { ask, query, eventually } = await privatePrometheus(t, configFile)

  await eventually('up', async () => (await query('up{job="tickets"}'))[0]?.value[1] === '1')
  t.match(await ask('targets'), { activeTargets: [{ scrapePool: 'tickets', labels: { instance: target }, health: 'up', lastError: '' }] })

  t.test('every name and label of the rules is one of the service', async t => {
    const { text } = await call('GET', '/metrics')
    const recorded = rules.map(({ record }) => record)
    for (const name of new Set(rules.flatMap(({ expr }) => namesIn(expr)))) t.ok(recorded.includes(name) || namesOf(text).includes(name), name)
    // A status and a route are there when a request had them.
    for (const wanted of rules.flatMap(({ expr }) => labelsIn(expr))) t.ok(hasLabel(text, wanted), `${wanted.metric}{${wanted.label}="${wanted.value}"}`)
  })

  t.test('all rules are loaded and evaluated without an error', async t => {
    type State = { groups: { rules: { name: string, health: string, lastError?: string }[] }[] }
    const all = async () => (await ask<State>('rules')).groups.flatMap(group => group.rules)
    await eventually('all are evaluated', async () => (await all()).every(({ health }) => health !== 'unknown'))
    t.strictSame((await all()).map(({ name }) => name).sort(), rules.map(({ alert, record }) => alert ?? record).sort())
    t.strictSame((await all()).filter(({ health }) => health !== 'ok'), [])
  })

  t.test('the dead letter is an alert', async t => {
    type Alerts = { alerts: { labels: Record<string, string>, annotations: Record<string, string>, state: string }[] }
    const dead = async () => (await ask<Alerts>('alerts')).alerts.find(({ labels }) => labels.alertname === 'TicketsDeadLetters')
    await eventually('TicketsDeadLetters', async () => await dead() !== undefined)
    t.match(await dead(), { labels: { job: 'tickets', severity: 'warning' }, annotations: { summary: 'Tickets that MySQL refuses for good: 1' }, state: /pending|firing/ })
  })
})
