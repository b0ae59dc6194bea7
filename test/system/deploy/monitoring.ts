import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { startPrometheus } from '../../../scripts/lib/prometheus.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { until } from '../../../scripts/lib/until.mjs'
import { privateDirectory } from '../../helper.ts'

export const PROMETHEUS = join(ROOT, 'deploy/prometheus')
/** Where prometheus.yml looks for the key. */
const KEY_FILE = '/run/secrets/prometheus-key'

export interface Rule {
  alert?: string
  record?: string
  expr: string
  for?: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** The files of a folder of deploy/prometheus, by their names. */
export function filesOf (folder: 'rules' | 'tests'): { name: string, path: string, content: unknown }[] {
  return readdirSync(join(PROMETHEUS, folder)).map(name => {
    const path = join(PROMETHEUS, folder, name)
    return { name, path, content: parse(readFileSync(path, 'utf8')) as unknown }
  })
}

/** All rules, in the order of their files. */
export const readRules = (): Rule[] =>
  filesOf('rules').flatMap(({ content }) => (content as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules))

/** The configuration as it is shipped, but for the address of the service and the place of the key. */
export function configureFor (t: Test, { target, key }: { target: string, key: string }) {
  const directory = join(privateDirectory(t), 'prometheus')
  const configFile = join(directory, 'prometheus.yml')
  const keyFile = join(directory, 'key')
  cpSync(PROMETHEUS, directory, { recursive: true })
  replaceIn(configFile, KEY_FILE, keyFile)
  replaceIn(join(directory, 'targets.yml'), 'service:3000', target)
  const setKey = (value: string) => { writeFileSync(keyFile, value) }
  setKey(key)
  return { configFile, setKey }
}

function replaceIn (file: string, what: string, by: string) {
  const text = readFileSync(file, 'utf8')
  if (text.split(what).length !== 2) throw new Error(`${file} should name ${what} once`)
  writeFileSync(file, text.replace(what, by))
}

/** A Prometheus of this test's own, and its HTTP API. */
export async function privatePrometheus (t: Test, configFile: string) {
  const server = await startPrometheus({ directory: privateDirectory(t), configFile })
  t.teardown(() => server.stop())

  /** Rejects with what Prometheus says against it. */
  async function ask<Data> (path: string, query: Record<string, string> = {}): Promise<Data> {
    const response = await fetch(`${server.url}/api/v1/${path}?${new URLSearchParams(query).toString()}`)
    const answer = await response.json() as { status: string, data: Data, error?: string }
    if (answer.status !== 'success') throw new Error(answer.error)
    return answer.data
  }

  return {
    ask,
    /** The values of an expression now. */
    query: async (expr: string) => (await ask<{ result: { metric: Record<string, string>, value: [number, string] }[] }>('query', { query: expr })).result,
    /** Scrapes and evaluations come every 15 s, as configured: some of them have to pass. */
    async eventually (what: string, check: () => Promise<boolean>) {
      if (!await until(check, 60_000)) throw new Error(`in vain: ${what}${server.logTail()}`)
    },
  }
}

/** The names of series in an expression: those of the service, and those that rules record. */
export function namesIn (expr: string): string[] {
  const words = expr.replaceAll(/"[^"]*"/g, '').match(/[a-z][\w:]*/gi) ?? []
  return [...new Set(words.filter(word => word.includes(':') || /^(tickets|nodejs|process)_/.test(word)))]
}

/** What an expression wants labels of the service to be: its metric, the label and its value. */
function labelsIn (expr: string): { metric: string, label: string, value: string }[] {
  return [...expr.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, metric = '', matchers = '']) =>
    [...matchers.matchAll(/(\w+)="([^"]*)"/g)]
      .map(([, label = '', value = '']) => ({ metric, label, value }))
      .filter(({ label }) => /^(tickets|nodejs|process)_/.test(metric) && label !== 'job'))
}

/** The names of the series of a scrape, those too that have no value yet. */
function namesOf (metrics: string): string[] {
  return [...metrics.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' || type === 'summary' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])
}

/** Every name and label in the expressions is one of the service, or of a rule that records it. */
export function checkNames (t: Test, exprs: string[], metrics: string) {
  const known = new Set([...namesOf(metrics), ...readRules().map(({ record }) => record)])
  for (const name of new Set(exprs.flatMap(namesIn))) t.ok(known.has(name), name)
  for (const wanted of exprs.flatMap(labelsIn)) t.ok(hasLabel(metrics, wanted), `${wanted.metric}{${wanted.label}="${wanted.value}"}`)
}

/** Whether a scrape has a series of this metric with this label. */
const hasLabel = (metrics: string, { metric, label, value }: { metric: string, label: string, value: string }) =>
  metrics.split('\n').some(line => line.startsWith(`${metric}{`) && line.includes(`${label}="${value}"`))
