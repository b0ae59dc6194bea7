import t from 'tap'
import { meanwhile } from '../../../bench/lib/meanwhile.ts'
import { Failure } from '../../../scripts/lib/main.mjs'

const limit = { name: 'A flush', slicesMax: 5 }

/** Work that ends when it is told to. */
function work () {
  let [end, fail] = [() => {}, (_error: Error) => {}]
  const promise = new Promise<void>((resolve, reject) => { [end, fail] = [resolve, reject] })
  return { promise, end, fail }
}

/** Slices that are numbered; what happens during each of them comes first. */
function slices (...events: (() => void)[]) {
  let count = 0
  return async () => {
    events[count]?.()
    // As a real one, it ends in a later turn.
    await new Promise(resolve => setImmediate(resolve))
    return ++count
  }
}

t.test('slices are measured until the work ends, and the one in which it ends does not count', async t => {
  const { promise, end } = work()
  t.strictSame(await meanwhile(promise, slices(() => {}, () => {}, end), limit), [1, 2])
})

t.test('none is measured when there is nothing to wait for', async t => {
  const { promise, end } = work()
  const measure = slices(end)
  t.strictSame(await meanwhile(promise, measure, limit), [])
  t.equal(await measure(), 2, 'one was begun')
})

t.test('what goes wrong with the work is told when the slice has ended', async t => {
  const { promise, fail } = work()
  const measure = slices(() => fail(new Error('MySQL is unavailable')))
  await t.rejects(meanwhile(promise, measure, limit), { message: 'MySQL is unavailable' })
  t.equal(await measure(), 2)
})

t.test('what goes wrong with a slice is told, whatever becomes of the work', async t => {
  const { promise, fail } = work()
  await t.rejects(meanwhile(promise, async () => { throw new Error('wrk is gone') }, limit), { message: 'wrk is gone' })
  fail(new Error('told to nobody'))
})

t.test('work that does not end is a failure, not a success of what was measured beside it', async t => {
  const measure = slices()
  await t.rejects(meanwhile(work().promise, measure, limit), new Failure('A flush had not ended after 5 slices of load beside it'))
  t.equal(await measure(), 6)
})
