/** Results as a run writes them. */
import type { Row } from '../../../bench/lib/rows.ts'
import { compared, stated } from '../../../bench/lib/rows.ts'
import type { Result } from '../../../bench/report/results.ts'

export const rows: Row[] = [
  compared({ scenario: 'a', work: 'POST <a> & "b"', beside: 'x | y', unit: 'requests/s', values: [12_000, 11_000, 13_000], references: [10_000, 10_000, 10_000], bar: { op: '>=', value: 0.9 }, chart: 'POST <a> & "b", beside x', use: { cpu_us: 41.26, cores: 0.984 }, reference_use: { cpu_us: 30, cores: 0.9 } }),
  compared({ scenario: 'b', work: 'p99', beside: 'Webdis', unit: 'ms', values: [30], references: [10], bar: { op: '<=', value: 2 } }),
  stated({ scenario: 'c', work: 'memory', unit: 'MB', values: [120], bar: { op: '<=', value: 150 }, detail: 'at most 130 MB' }),
  stated({ scenario: 'c', work: 'a ticket', unit: 'bytes', values: [374] }),
]

export const environment: Result['environment'] = {
  date: '2026-01-02', revision: 'abc', machine: 'a machine', versions: { Node: '20' }, pinning: 'not pinned', settings: ['The service as in production.'], mode: 'full', stolen: 0.0123,
}

export const result: Result = { environment, rows, skipped: [{ scenario: 'php', reason: 'php-fpm: not on this machine' }], failed: [{ scenario: 'flush', reason: 'too busy\nand more' }], repeated: [] }
