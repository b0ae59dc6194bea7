import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { createService } from '../../helper.ts'
import { checkNames, configureFor, namesIn, privatePrometheus } from './monitoring.ts'

const GRAFANA = join(ROOT, 'deploy/grafana')

interface Position { x: number, y: number, w: number, h: number }
interface Panel {
  id: number
  type: string
  title: string
  description?: string
  gridPos: Position
  targets?: { expr: string, refId: string, datasource: unknown }[]
  fieldConfig?: { defaults: { unit?: string } }
}
interface Dashboard {
  uid: string
  schemaVersion: number
  panels: Panel[]
  templating: { list: { name: string, definition?: string }[] }
  annotations: { list: { expr: string }[] }
}

const [file, ...others] = readdirSync(join(GRAFANA, 'dashboards'))
const dashboard = JSON.parse(readFileSync(join(GRAFANA, 'dashboards', file!), 'utf8')) as Dashboard
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const exprs = [...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), ...dashboard.annotations.list.map(({ expr }) => expr)]

const overlap = (one: Position, other: Position) =>
  one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h

t.test('the dashboard is laid out well', async t => {
  t.strictSame(others, [], 'there is one')
  t.match(dashboard, { uid: 'ticket-metadata', schemaVersion: Number })
  t.strictSame(dashboard.templating.list.map(({ name }) => name), ['datasource', 'instance'])
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length, 'every panel has an id of its own')

  for (const [i, { title, gridPos }] of dashboard.panels.entries()) {
    t.ok(gridPos.x + gridPos.w <= 24, `${title} is on the grid`)
    t.strictSame(dashboard.panels.slice(i + 1).filter(other => overlap(gridPos, other.gridPos)).map(other => other.title), [], `${title} covers nothing`)
  }
  for (const { title, description, targets = [], fieldConfig } of panels) {
    t.ok(description, `${title} says what it shows`)
    t.ok(fieldConfig?.defaults.unit, `${title} has a unit`)
    t.ok(targets.length > 0, `${title} asks for something`)
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, `${title} has a letter for each query`)
    // eslint-disable-next-line no-template-curly-in-string -- a variable of the dashboard
    for (const { datasource } of targets) t.strictSame(datasource, { type: 'prometheus', uid: '${datasource}' })
  }
})

t.test('Prometheus accepts every query of the dashboard, and every name in it is one of the service', async t => {
  const { call } = await createService(t)
  const { text } = await call('GET', '/metrics')
  const { query } = await privatePrometheus(t, configureFor(t, { target: '127.0.0.1:1', key: 'any' }).configFile)

  for (const expr of exprs) {
    const asked = expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*')
    t.notMatch(asked, '$', `no variable is left in ${asked}`)
    await t.resolves(query(asked), asked)
  }
  checkNames(t, exprs, text)

  t.test('and every metric of the service itself has its place on it', async t => {
    const shown = new Set(exprs.flatMap(namesIn).map(name => name.replace(/_(bucket|sum|count)$/, '')))
    for (const [, name = ''] of text.matchAll(/^# TYPE (tickets_\w+) /gm)) t.ok(shown.has(name), name)
  })
})

t.test('Grafana finds the data source and the dashboard where compose mounts them', async t => {
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) as { services: Record<string, { volumes: string[] }> }
  /** Where a path of Grafana's container is in this repository. */
  const sourceOf = (path: string) => {
    const [source, target] = services.grafana!.volumes.map(volume => volume.split(':') as [string, string]).find(([, each]) => path.startsWith(each))!
    return join(ROOT, source, path.slice(target.length))
  }
  const read = (path: string) => parse(readFileSync(sourceOf(path), 'utf8')) as unknown

  const { providers } = read('/etc/grafana/provisioning/dashboards/tickets.yml') as { providers: { options: { path: string } }[] }
  t.strictSame(readdirSync(sourceOf(providers[0]!.options.path)), [file])
  t.ok(existsSync(sourceOf(`/etc/grafana/dashboards/${file}`)), 'it is the start page too')

  const { datasources } = read('/etc/grafana/provisioning/datasources/prometheus.yml') as { datasources: { type: string, url: string, jsonData: { timeInterval: string } }[] }
  t.match(datasources, [{ type: 'prometheus', isDefault: true }])
  t.ok(services[new URL(datasources[0]!.url).hostname], 'its host is a container')
  const { global } = parse(readFileSync(join(ROOT, 'deploy/prometheus/prometheus.yml'), 'utf8')) as { global: { scrape_interval: string } }
  t.equal(datasources[0]!.jsonData.timeInterval, global.scrape_interval)
})
