import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { CURSOR_CHARACTERS_MAX, fromChangeCursor, toChangeCursor } from '../../src/http/change-cursor.ts'
import { streamChanges } from '../../src/http/change-stream.ts'
import { TicketList } from '../../src/http/ticket-list.ts'
import type { ChangePage } from '../../src/read-through/changes.ts'
import type { SnapshotPosition } from '../../src/tickets/changes.ts'
import { createChangeSignal } from '../../src/util/change-signal.ts'

const position = fc.record({
  epoch: fc.constantFrom('00000000', 'deadbeef', 'ffffffff'),
  entry: fc.tuple(fc.integer({ min: 0, max: 2 ** 45 }), fc.integer({ min: 0, max: 100_000 })).map(parts => parts.join('-')),
  told: fc.integer({ min: 0, max: 500 }),
}, { noNullPrototype: true })

const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const snapshotPosition: fc.Arbitrary<SnapshotPosition> = fc.oneof(
  fc.record({ of: fc.constantFrom('all' as const, 'mysql' as const), after: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }) }, { noNullPrototype: true }),
  fc.record({ of: fc.constant('redis' as const), shard: fc.nat(1024), cursor: number.map(String), left: fc.array(number) }, { noNullPrototype: true }),
)

t.test('a cursor is what it was made of', async t => {
  fc.assert(fc.property(fc.array(position, { minLength: 1, maxLength: 100 }), fc.option(snapshotPosition, { nil: undefined }), (positions, snapshot) => {
    const cursor = { positions, ...(snapshot && { snapshot }) }
    t.strictSame(fromChangeCursor(toChangeCursor(cursor), '/since'), cursor)
    return t.passing()
  }))
})

t.test('the cursor of the largest Cluster has room in a request', async t => {
  const positions = Array.from({ length: 1024 }, (_, i) => ({ epoch: (i % 64).toString(16).padStart(8, '0'), entry: `${1_764_000_000_000 - i * 600_000}-${i % 200}`, told: i % 32 }))
  // As many are left as a call finds that looks at 64 keys, and some more of the same bucket.
  const left = Array.from({ length: 80 }, (_, i) => Number.MAX_SAFE_INTEGER - i)
  for (const snapshot of [{ of: 'all', after: Number.MAX_SAFE_INTEGER - 1 }, { of: 'redis', shard: 1023, cursor: String(2 ** 40), left }] as const) {
    const text = toChangeCursor({ positions, snapshot: snapshot as SnapshotPosition })
    t.ok(text.length <= CURSOR_CHARACTERS_MAX, `${text.length} characters`)
    t.match(text, /^[\w-]+$/)
  }
})

t.test('no other text is a cursor', async t => {
  const text = toChangeCursor({ positions: [{ epoch: 'deadbeef', entry: '1764000000000-0', told: 0 }] })
  fc.assert(fc.property(fc.integer({ min: 0, max: text.length - 1 }), fc.constantFrom(...'Aa0_-'), (at, character) => {
    const other = text.slice(0, at) + character + text.slice(at + 1)
    if (other !== text) t.throws(() => fromChangeCursor(other, '/since'), { code: 'validation_failed', errors: [{ pointer: '/since' }] }, other)
    return t.passing()
  }))
  for (const other of ['', 'now', `${text}=`, ` ${text}`]) t.throws(() => fromChangeCursor(other, '/since'), { code: 'validation_failed' })
})

t.test('a stream on which nothing happens gives a sign of life, and ends when it is told to', async t => {
  const page: ChangePage = { changes: [], failures: [], next: { positions: [{ epoch: 'deadbeef', entry: '1-0', told: 0 }] }, hasMore: false }
  const response = Object.assign(new EventEmitter(), { writableNeedDrain: false, destroyed: false }) as unknown as ServerResponse
  const ending = new AbortController()
  const events = streamChanges({
    first: { page, answer: new TicketList(null, response), seen: 0 },
    read: async () => page,
    signal: createChangeSignal(async () => 'the same'),
    requestId: 'req-1',
    held: null,
    response,
    ending: ending.signal,
    heartbeatMs: 5,
  })
  const texts = []
  for (let i = 0; i < 3; i += 1) texts.push(String((await events.next()).value))
  t.strictSame(texts, [`id: ${toChangeCursor(page.next)}\n\n`, ':\n\n', ':\n\n'])
  ending.abort()
  let last = await events.next()
  while (!last.done) last = await events.next()
  t.equal(last.done, true)
})
