/** A result: one work beside another, and the bar between them. */
import type { Slice } from './contender.ts'
import { median, ratio, spread, type Spread } from './statistics.ts'
import type { Use } from './usage.ts'

export interface Bar { op: '>=' | '<=', value: number }

export interface Row {
  scenario: string
  work: string
  beside: string
  /** Median of the work. */
  value: number
  /** Of value and reference. */
  unit: string
  /** Median of what the work is beside. */
  reference: number | null
  ratio: Spread | null
  /** Of the value, where it is by itself and was measured in several rounds. */
  spread?: Spread | undefined
  /** For the ratio; for the value where there is no reference. */
  bar: Bar | null
  /** null: there is no bar. */
  met: boolean | null
  rounds: number
  /** Of each round. */
  values?: readonly number[]
  references?: readonly number[]
  /** CPU of the processes under test. */
  use?: Use | undefined
  reference_use?: Use | undefined
  /** What else is worth knowing. */
  detail?: string
  /** What the chart calls it; without, it is not on the chart. */
  chart?: string | undefined
}

type Described = Pick<Row, 'scenario' | 'work' | 'beside' | 'unit' | 'use' | 'reference_use' | 'detail' | 'chart'> & { bar?: Bar | null }

/** @param compared with values and references by round */
export function compared ({ values, references, bar = null, ...rest }: Described & { values: readonly number[], references: readonly number[] }): Row {
  const between = ratio(values, references)
  if (!Number.isFinite(between.median)) throw new Error(`${rest.work}, beside ${rest.beside}: ${values.join()} beside ${references.join()} is no ratio`)
  return { ...rest, value: median(values), reference: median(references), ratio: between, bar, met: bar && isMet(between.median, bar), rounds: values.length, values, references }
}

/** A figure by itself, with its values by round. */
export function stated ({ values, bar = null, ...rest }: Omit<Described, 'beside'> & { values: readonly number[] }): Row {
  const value = median(values)
  if (!Number.isFinite(value)) throw new Error(`${rest.work}: ${values.join()} is no figure`)
  return {
    ...rest, beside: '', value, reference: null, ratio: null, ...(values.length > 1 && { spread: spread(values), values }), bar, met: bar && isMet(value, bar), rounds: values.length,
  }
}

const isMet = (value: number, { op, value: limit }: Bar) => op === '>=' ? value >= limit : value <= limit

/** The first contender beside each of the others. */
export function besides ({ series, subject, others, ...rest }: Pick<Row, 'scenario' | 'work' | 'unit'> & {
  series: ReadonlyMap<string, readonly Slice[]>
  subject: string
  others: readonly { name: string, label: string, bar?: Bar, chart?: string }[]
}): Row[] {
  const slicesOf = (name: string) => series.get(name) ?? []
  const rates = (name: string) => slicesOf(name).map(({ rate }) => rate)
  return others.filter(({ name }) => series.has(name)).map(({ name, label, bar, chart }) => compared({
    ...rest, beside: label, values: rates(subject), references: rates(name), bar: bar ?? null, use: useOf(slicesOf(subject)), reference_use: useOf(slicesOf(name)), chart,
  }))
}

function useOf (slices: readonly Slice[]): Use | undefined {
  const known = slices.flatMap(({ rate, cpu_us: cpu }) => cpu === undefined ? [] : [{ cpu, cores: cpu * rate / 1e6 }])
  return known.length === 0 ? undefined : { cpu_us: median(known.map(({ cpu }) => cpu)), cores: median(known.map(({ cores }) => cores)) }
}

/** The most that the quartiles of a published ratio may lie apart, as a share of its median. */
export const SCATTER_MAX = 0.25

/** How far the quartiles of the ratio lie apart, as a share of its median. */
export const scatterOf = ({ ratio }: Row): number => ratio ? (ratio.high - ratio.low) / ratio.median : 0

/** The rows whose rounds say more about the machine than about what is measured. */
export const scatteredOf = (rows: readonly Row[]): Row[] => rows.filter(row => scatterOf(row) > SCATTER_MAX)
