import { Counter, Registry, collectDefaultMetrics, type Metric } from 'prom-client'
import { createHistogram, type Collected, type HistogramOptions, type Observe } from './histogram.ts'

export interface CounterOptions<Value extends string> {
  /** Ends in `_total`. */
  name: string
  help: string
  /** What `values` tells apart. */
  label?: string
  /** All that the label may be: a set that no caller can make larger. Each is there from the start, with 0. */
  values?: readonly Value[]
}

export interface GaugeOptions {
  name: string
  help: string
  /** Asked at each scrape; undefined, or a rejection: not known now, and left out. */
  read: () => Reading | Promise<Reading>
}

/** One number, or one for each value of a label. */
type Reading = number | Collected['values'] | undefined

/**
 * How long a scrape waits for a store. Prometheus gives a scrape 10 s by default. Less than the time after
 * which src/mysql/mysql.ts takes a late answer for a sign that MySQL is unavailable: to look changes nothing.
 */
export const SCRAPE_TIMEOUT_MS = 900

/** From 0.5 ms, the time of a write, to 10 s, by which every caller has given up. */
export const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The metrics of one app. */
export function createMetrics () {
  const registry = new Registry()
  // The registry takes whatever has a name and `get`; its types know only prom-client's own classes.
  const add = (metric: { name: string, get: () => Promise<Collected> }) => { registry.registerMetric(metric as unknown as Metric) }
  for (const metric of processMetrics()) registry.registerMetric(metric)

  function histogram (options: HistogramOptions) {
    const created = createHistogram(options)
    add(created)
    return created
  }

  return {
    registry,

    /** Counts with `inc(by)`, or `inc({ [label]: value }, by)`. */
    counter<Value extends string = string> ({ name, help, label, values = [] }: CounterOptions<Value>): Counter {
      const counter = new Counter({ name, help, labelNames: label ? [label] : [], registers: [registry] })
      for (const value of values) counter.inc({ [label!]: value }, 0)
      return counter
    },

    /** A counter with several labels, whose values are sets that no caller can make larger. All series are there from the start, with 0. */
    counterBy ({ name, help, labels }: { name: string, help: string, labels: Record<string, readonly string[]> }): Counter {
      const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [registry] })
      const all = Object.entries(labels).reduce<Record<string, string>[]>((series, [label, values]) => series.flatMap(each => values.map(value => ({ ...each, [label]: value }))), [{}])
      for (const each of all) counter.inc(each, 0)
      return counter
    },

    /** A histogram without labels. */
    histogram: (options: HistogramOptions): Observe => histogram(options).series(),

    /** A histogram with labels: each series is made by whoever writes to it. */
    histogramOf: histogram,

    /** A histogram with one label, whose values are a set that no caller can make larger. */
    histogramBy<Value extends string> (label: string, options: HistogramOptions): (value: Value, observed: number) => void {
      const { series } = histogram(options)
      const known = new Map<Value, Observe>()
      return (value, observed) => {
        let observe = known.get(value)
        if (!observe) known.set(value, observe = series({ [label]: value }))
        observe(observed)
      }
    },

    gauge ({ name, help, read }: GaugeOptions) {
      add({
        name,
        async get () {
          const found = await new Promise<Reading>(resolve => { resolve(read()) }).catch(() => undefined)
          return { name, help, type: 'gauge', values: toValues(found) }
        },
      })
    },
  }
}

export type Metrics = ReturnType<typeof createMetrics>

const toValues = (found: Reading): Collected['values'] =>
  typeof found === 'number' ? [{ labels: {}, value: found }] : found ?? []

let processRegistry: Registry | undefined

/**
 * What is the process's and not an app's: memory, CPU, garbage collections, event-loop delay. Measured once,
 * however many apps a process builds: prom-client cannot stop what it has begun to observe. It keeps no
 * process alive.
 */
function processMetrics () {
  if (!processRegistry) {
    processRegistry = new Registry()
    collectDefaultMetrics({ register: processRegistry })
  }
  return processRegistry.getMetricsAsArray().map(({ name }) => processRegistry!.getSingleMetric(name)!)
}
