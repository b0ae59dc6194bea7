/** The charts of the page, and what each is fed with. */
import { createChart } from './chart.js'
import { count, duration, plural } from './format.js'

const SPECS = [
  {
    id: 'chart-backlog',
    title: 'Backlog',
    series: [{ name: 'unsynced', label: 'unsynced' }, { name: 'due', label: 'due' }],
    format: count,
    inFull: (/** @type {number} */ value) => plural(value, 'ticket'),
    none: 'unknown',
    atLeast: 5,
  },
  {
    id: 'chart-lag',
    title: 'Lag',
    series: [{ name: 'lagMs', label: 'oldest due ticket waits' }],
    format: duration,
    none: 'unknown',
    atLeast: 1000,
  },
  {
    id: 'chart-throughput',
    title: 'Throughput',
    series: [{ name: 'writes', label: 'writes' }, { name: 'reads', label: 'reads' }],
    format: (/** @type {number} */ value) => `${count(value)}/s`,
    none: 'unknown',
    atLeast: 5,
  },
  {
    id: 'chart-latency',
    title: 'Latency',
    series: [{ name: 'p50', label: 'p50' }, { name: 'p99', label: 'p99' }],
    format: duration,
    none: 'no requests',
    atLeast: 5,
  },
]

/** @param {Element} parent */
export function createCharts (parent) {
  const charts = SPECS.map(createChart)
  parent.append(...charts.map(({ element }) => element))

  return {
    /**
     * @param {import('./history.js').History} history
     * @param {number} nowMs
     */
    show (history, nowMs) {
      for (const chart of charts) chart.show(history, nowMs)
    },
  }
}
