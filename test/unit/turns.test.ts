import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { configure } from 'safe-stable-stringify'
import t from 'tap'
import { fingerprintOf, idempotency } from '../../src/http/idempotency.ts'
import { JsonScan } from '../../src/http/json-scan.ts'
import { parseJson } from '../../src/http/json.ts'
import { inTurns } from '../../src/util/turns.ts'

/** Resolves with the result of `work`, and with the turns that the event loop has made meanwhile. */
async function countTurns<Result> (work: () => Promise<Result>) {
  let turns = 0
  let isOver = false
  const tick = () => {
    turns += 1
    if (!isOver) setImmediate(tick)
  }
  setImmediate(tick)
  const result = await work()
  isOver = true
  return { result, turns }
}

t.test('work is done in its order, and others have the event loop after each turn of it', async t => {
  const { result, turns } = await countTurns(() => inTurns([1, 2, 3, 4], (item, i) => item * 10 + i, 0))
  t.strictSame(result, [10, 21, 32, 43])
  t.ok(turns >= 3, `${turns} turns`)
  t.equal((await countTurns(() => inTurns([1, 2, 3], item => item, Infinity))).turns, 0, 'what is short keeps it')
  t.strictSame(await inTurns([], item => item), [])
  await t.rejects(inTurns([1, 2], () => { throw new Error('no') }), { message: 'no' })
})

t.test('however many have long work, there is one piece of it in a turn', async t => {
  const pieces: number[] = []
  let isOver = false
  const tick = () => {
    pieces.push(0)
    if (!isOver) setImmediate(tick)
  }
  const work = [1, 2, 3].map(() => inTurns([1, 2, 3, 4], () => { pieces[pieces.length - 1]! += 1 }, 0))
  // What they do at once was asked for in this turn.
  setImmediate(tick)
  pieces.push(0)
  await Promise.all(work)
  isOver = true
  t.strictSame(Math.max(...pieces.slice(1)), 1, pieces.join())
  t.equal(pieces.reduce((sum, count) => sum + count, 0), 9)
})

t.test('the fingerprint of a list is that of the whole, as it always was', async t => {
  const fingerprint = (content: unknown) => idempotency({ headers: { 'idempotency-key': 'k' }, caller: null }, content)!.fingerprint
  const before = configure({ maximumDepth: 10 })
  await fc.assert(fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 14 }), { minLength: 1 }), async list => {
    t.equal(await fingerprintOf(list), createHash('sha256').update(before(list)!).digest('base64url'))
    t.equal(await fingerprintOf(list), fingerprint(list))
  }))
  const long = Array.from({ length: 5 }, (_, i) => ({ text: String(i).repeat(30_000) }))
  t.equal(await fingerprintOf(long), fingerprint(long), 'more than is hashed at once')
  const nested = (depth: number): unknown => depth === 0 ? 1 : depth % 2 ? { a: nested(depth - 1) } : [nested(depth - 1)]
  for (let depth = 5; depth < 15; depth += 1) t.equal(await fingerprintOf([nested(depth)]), fingerprint([nested(depth)]), `${depth} levels`)
  t.equal(await fingerprintOf([{ ticket_id: 1, op: 'create', customer_id: 1 }, null, 'x']), 'XA1IUAG1JuS0_QIu_IkwtnKQonOhzreho-uZriv9gas', 'instances of older versions hold it')
})

/** Of one request with a body. */
async function parse (body: string, onStart: (end: () => void) => void = end => { end() }): Promise<unknown> {
  const request: { headers: object, endWork?: () => void } = { headers: { 'content-type': 'application/json' } }
  const value = await (parseJson as (request: unknown, body: Buffer, done: () => void) => Promise<unknown>)(request, Buffer.from(body), () => {})
  onStart(request.endWork!)
  return value
}

t.test('others have turns of the event loop while a long body is read', async t => {
  const body = JSON.stringify({ operations: Array.from({ length: 500 }, () => ({ subject: '\\"é:,[{🎫'.repeat(700) })) })
  const { result, turns } = await countTurns(() => parse(body))
  t.strictSame(result, JSON.parse(body))
  t.ok(turns >= 2, `${turns} turns`)
})

t.test('of long bodies as much is worked on at a time as the largest has', async t => {
  const body = JSON.stringify('x'.repeat(2 ** 21 - 2))
  const ends: (() => void)[] = []
  const bodies = [1, 2, 3].map(() => parse(body, end => { ends.push(end) }))
  await Promise.all(bodies.slice(0, 2))
  await countTurns(() => inTurns(Array.from({ length: 20 }), () => {}, 0))
  t.equal(ends.length, 2, 'the third waits')
  ends.shift()!()
  await bodies[2]
  for (const end of ends) end()
})

t.test('a text is the same in whatever parts it is looked at', async t => {
  const text = Buffer.from(JSON.stringify({ 'a"\\': [{ b: '\\', c: ':,{[' }, 'é🎫"', [[]]], d: {} }))
  const whole = new JsonScan()
  t.equal(whole.read(text), undefined)
  t.equal(whole.colons, 4)
  for (let size = 1; size < text.length; size += 1) {
    const parts = new JsonScan()
    for (let from = 0; from < text.length; from += size) t.equal(parts.read(text, from, Math.min(from + size, text.length)), undefined)
    t.equal(parts.colons, 4, `parts of ${size}`)
  }
})

t.test('every member of a text is seen, however long its strings are', async t => {
  const long = fc.array(fc.constantFrom('x', '"', '\\', ':', '{', 'é', '🎫', '\n'.repeat(40), 'y'.repeat(40)), { maxLength: 20 }).map(parts => parts.join(''))
  const { json } = fc.letrec(tie => ({ json: fc.oneof({ maxDepth: 6 }, long, fc.array(tie('json'), { maxLength: 4 }), fc.dictionary(long, tie('json'), { maxKeys: 4 })) }))
  const membersOf = (value: unknown): number => typeof value !== 'object' || value === null ? 0 : Object.values(value).reduce((sum: number, member) => sum + membersOf(member), Array.isArray(value) ? 0 : Object.keys(value).length)
  fc.assert(fc.property(json, fc.integer({ min: 1, max: 200 }), (value, size) => {
    const text = Buffer.from(JSON.stringify(value))
    const scan = new JsonScan()
    for (let from = 0; from < text.length; from += size) scan.read(text, from, Math.min(from + size, text.length))
    t.equal(scan.colons, membersOf(value))
  }), { numRuns: 500 })
})
