import { existsSync, readdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { NGINX, PHP_FPM, WEBDIS, WRK } from '../../../scripts/lib/bench-programs.mjs'
import { privateDirectory } from '../../helper.ts'
import { bench, skipWithout } from './quick-run.ts'

/** A host that takes the processor away makes quick runs up to four times as long. */
t.setTimeout(600_000)

t.test('a quick run measures what it is asked for, and writes it', { skip: skipWithout(WRK, WEBDIS) }, async t => {
  const { stdout, read, result: { environment, rows, skipped, failed } } = await bench(t, 'post,patch,get,life')
  t.strictSame([skipped, failed], [[], []])
  t.match(environment.mode, 'no claim')
  t.strictSame(rows.map(({ scenario, bar }) => [scenario, bar?.op]), [
    ['post', '>='], ['post', '>='], ['post', undefined], ['post', '>='], ['patch', '>='], ['patch', undefined], ['get', '>='], ['life', '<='], ['life', '<='], ['life', '<='], ['life', undefined], ['life', undefined],
  ])
  for (const { work, value, reference, ratio, rounds } of rows.slice(0, -3)) {
    t.ok(value > 0 && reference! > 0 && ratio!.median > 0 && rounds === 1, `${work}: ${value} beside ${reference}`)
  }
  const [written, statements, ...sizes] = rows.filter(({ scenario }) => scenario === 'life')
  t.match(written, { value: 1, reference: 22, met: null }, 'one row for 22, and no verdict')
  t.ok(statements!.value < 1 && statements!.reference! >= 22, 'and less than one statement for 22')
  t.ok(sizes.every(({ value, unit }) => unit === 'bytes' && value > 50 && value < 2000), sizes.map(({ work, value }) => `${work}: ${value}`).join())
  for (const { work } of rows) {
    t.match(stdout, work)
    t.match(read('results.md'), work)
  }
  t.match(read('results.svg'), /^<svg /)
})

t.test('a Cluster beside one Redis', { skip: skipWithout(WRK) }, async t => {
  const { read, result: { rows, failed } } = await bench(t, 'cluster')
  t.strictSame(failed, [])
  t.match(rows, [{ scenario: 'cluster', beside: 'POST a ticket, one Redis' }])
  t.ok(rows[0]!.value > 0 && rows[0]!.reference! > 0)
  t.match(read('results.svg'), 'Cluster of 3 masters')
})

t.test('PHP behind nginx, and two instances', { skip: skipWithout(WRK, NGINX, PHP_FPM) }, async t => {
  // As an ordinary user of Debian has it: servers are elsewhere.
  const PATH = (process.env.PATH ?? '').split(delimiter).filter(place => !place.endsWith('sbin')).join(delimiter)
  const { result: { rows, failed } } = await bench(t, 'php,page,instances', PATH)
  t.strictSame(failed, [])
  t.strictSame(rows.map(({ scenario }) => scenario), ['php', 'php', 'php', 'page', 'page', 'page', 'instances'])
  for (const { work, value, reference, values, references } of rows) {
    t.ok(value > 0 && reference! > 0, work)
    t.match([values, references], [[value], [reference]], 'each round is kept')
  }
})

/** A PATH with everything that this one has but these. */
function pathWithout (t: Test, ...names: string[]): string {
  const directory = privateDirectory(t)
  for (const place of (process.env.PATH ?? '').split(delimiter).filter(each => existsSync(each))) {
    for (const name of readdirSync(place)) {
      if (!names.includes(name) && !existsSync(join(directory, name))) symlinkSync(join(place, name), join(directory, name))
    }
  }
  return directory
}

t.test('what is missing and cannot be installed is left out, and it is said', { skip: skipWithout(WRK) }, async t => {
  const { stdout, read, result: { rows, skipped, failed } } = await bench(t, 'batch,latency', pathWithout(t, 'webdis', 'apt-get'))
  t.strictSame(failed, [])
  t.strictSame(rows.map(({ scenario, beside }) => [scenario, beside]), [
    ['batch', 'the same Fastify route without a store'], ['batch', 'POST of one, 64 connections'],
  ])
  t.match(skipped, [
    { scenario: 'a part of batch', reason: /^Webdis: not on this machine/ },
    { scenario: 'latency', reason: /^Webdis: not on this machine/ },
  ])
  for (const text of [stdout, read('results.md')]) t.match(text, /Not measured: latency\. Webdis: not on this machine/)
})
