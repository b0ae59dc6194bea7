/** Reads the Prometheus text format, as far as this page needs it. */

/**
 * @typedef {object} Sample
 * @property {Record<string, string>} labels
 * @property {number} value
 */

/** @typedef {Map<string, Sample[]>} Metrics */

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/**
 * @param {string} text
 * @returns {Metrics} by the name of the sample
 */
export function parseMetrics (text) {
  const metrics = new Map()
  for (const line of text.split('\n')) {
    const [, name, labels = '', value = ''] = LINE.exec(line) ?? []
    if (!name) continue
    const samples = metrics.get(name) ?? []
    metrics.set(name, samples)
    samples.push({ labels: parseLabels(labels), value: toNumber(value) })
  }
  return metrics
}

/** @param {string} text */
function parseLabels (text) {
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name, value = '']) => [name, value.replace(/\\(.)/g, (_, c) => c === 'n' ? '\n' : c)]))
}

/** @param {string} text */
const toNumber = text => text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)

/**
 * The sum of all samples of this name that fit.
 * @param {Metrics} metrics
 * @param {string} name
 * @param {(labels: Record<string, string>) => boolean} [fits]
 */
export function sumOf (metrics, name, fits = () => true) {
  return (metrics.get(name) ?? []).filter(({ labels }) => fits(labels)).reduce((sum, { value }) => sum + value, 0)
}

/**
 * A histogram over all label sets that fit: how many observations were at most so large, by upper bound, ascending.
 * @param {Metrics} metrics
 * @param {string} name
 * @param {(labels: Record<string, string>) => boolean} [fits]
 * @returns {Bucket[]}
 */
export function bucketsOf (metrics, name, fits = () => true) {
  /** @type {Map<number, number>} */
  const counts = new Map()
  for (const { labels, value } of metrics.get(`${name}_bucket`) ?? []) {
    if (!fits(labels)) continue
    const bound = toNumber(labels.le ?? '')
    counts.set(bound, (counts.get(bound) ?? 0) + value)
  }
  return [...counts].map(([bound, count]) => ({ bound, count })).sort((a, b) => a.bound - b.bound)
}

/** @typedef {{ bound: number, count: number }} Bucket */

/**
 * Below which value a share of the observations lies, as histogram_quantile of Prometheus estimates it: evenly spread
 * within a bucket. What lies above the last finite bound is taken for that bound.
 * @param {number} share 0 to 1
 * @param {Bucket[]} buckets ascending and cumulative
 * @returns {number | null} null: nothing was observed
 */
export function quantile (share, buckets) {
  const total = buckets.at(-1)?.count ?? 0
  if (!(total > 0)) return null
  const rank = share * total
  const index = buckets.findIndex(({ count }) => count >= rank)
  const { bound, count } = /** @type {Bucket} */ (buckets[index])
  const below = buckets[index - 1] ?? { bound: 0, count: 0 }
  if (bound === Infinity) return below.bound
  return count === below.count ? bound : below.bound + (bound - below.bound) * (rank - below.count) / (count - below.count)
}
