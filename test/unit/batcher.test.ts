import t from 'tap'
import { LATER, createBatcher } from '../../src/util/batcher.ts'
import { createBudget } from '../../src/util/budget.ts'
import { Problem } from '../../src/errors.ts'
import { nextTurn } from '../../src/util/turns.ts'

function recorder (options: Partial<Parameters<typeof createBatcher<number, number>>[0]> = {}) {
  const calls: number[][] = []
  const addAll = createBatcher<number, number>({
    itemsMax: 3,
    sizeMax: 100,
    sizeOf: item => item,
    budget: createBudget(1000),
    run: async items => {
      calls.push(items)
      return items.map(item => item * 2)
    },
    ...options,
  })
  return { calls, addAll, add: async (item: number) => (await addAll([item]))[0]! }
}

t.test('one turn, one call; each item its own result', async t => {
  const { calls, add } = recorder()
  t.strictSame(await Promise.all([1, 2].map(add)), [2, 4])
  t.equal(await add(3), 6)
  t.strictSame(calls, [[1, 2], [3]])
})

t.test('calls are bounded in count and size, and keep the order', async t => {
  const { calls, add } = recorder()
  await Promise.all([1, 2, 3, 4, 60, 50, 200, 5].map(add))
  t.strictSame(calls, [[1, 2, 3], [4, 60], [50], [200], [5]])
})

t.test('what comes with the answers of a call, and takes some steps more, is not kept waiting by them', async t => {
  const { promise: reply, resolve: come } = Promise.withResolvers<void>()
  const { add } = recorder({ run: async items => await reply.then(() => items) })
  const order: string[] = []
  const list = async () => {
    await reply
    for (let step = 0; step < 20; step += 1) await undefined
    order.push('list')
  }
  const all = [...[1, 2].map(async item => order.push(`write ${await add(item)}`)), list()]
  await nextTurn()
  come()
  await Promise.all(all)
  t.strictSame(order, ['list', 'write 1', 'write 2'])
})

t.test('what is asked together is answered together, in order, over several calls', async t => {
  const { calls, add, addAll } = recorder()
  const single = add(9)
  t.strictSame(await addAll([1, 2, 3, 4, 5]), [2, 4, 6, 8, 10])
  t.equal(await single, 18)
  t.strictSame(calls, [[9, 1, 2], [3, 4, 5]])
  t.strictSame(await addAll([]), [])
})

t.test('a failed call fails its items and no others', async t => {
  const { add } = recorder({ run: async items => { if (items.includes(1)) throw new Error('no'); return items } })
  const results = await Promise.allSettled([1, 2, 3, 4].map(add))
  t.strictSame(results.map(({ status }) => status), ['rejected', 'rejected', 'rejected', 'fulfilled'])
})

t.test('a Problem is the result of each item of the call', async t => {
  const { addAll } = recorder({ run: async items => { if (items.includes(1)) throw new Problem('store_unavailable', 'later'); return items } })
  t.match(await addAll([1, 2, 3, 4]), [{ code: 'store_unavailable' }, { code: 'store_unavailable' }, { code: 'store_unavailable' }, 4])
})

t.test('past its bound it refuses at once, and takes again when answers come', async t => {
  let answer: (() => void) | undefined
  const { add } = recorder({ budget: createBudget(2), run: items => new Promise(resolve => { answer = () => { resolve(items) } }) })
  const first = Promise.all([add(1), add(2)])
  t.match(await add(3), { code: 'overloaded', status: 503 })
  while (!answer) await new Promise(setImmediate)
  answer()
  await first
  const next = add(4)
  await new Promise(setImmediate)
  answer()
  t.equal(await next, 4)
})

t.test('so it does past its bound in size', async t => {
  const answers: (() => void)[] = []
  const { add, addAll } = recorder({ itemsMax: 100, budget: createBudget(1000, 50), run: items => new Promise(resolve => { answers.push(() => { resolve(items) }) }) })
  const first = addAll([20, 20])
  t.match(await addAll([5, 6]), [{ code: 'overloaded' }, { code: 'overloaded' }], 'all of what is asked together')
  const second = add(10)
  await new Promise(setImmediate)
  for (const answer of answers) answer()
  t.strictSame([await first, await second], [[20, 20], 10])
})

t.test('as many calls run as may; what comes meanwhile shares the next', async t => {
  const answers: (() => void)[] = []
  const calls: number[][] = []
  const { addAll } = recorder({
    itemsMax: 4,
    runningMax: 1,
    run: items => {
      calls.push(items)
      return new Promise(resolve => { answers.push(() => { resolve(items) }) })
    },
  })
  const turn = () => new Promise(resolve => { setImmediate(resolve) })
  const all: Promise<unknown>[] = []
  for (const items of [[1], [2], [3], [4, 5, 6], [7]]) {
    all.push(addAll(items))
    await turn()
  }
  t.strictSame(calls, [[1]], 'one runs')
  for (const expected of [[2, 3, 4, 5], [6, 7]]) {
    answers.shift()!()
    await turn()
    t.strictSame(calls.at(-1), expected)
  }
  answers.shift()!()
  t.strictSame(await Promise.all(all), [[1], [2], [3], [4, 5, 6], [7]])
  const last = addAll([8])
  await turn()
  answers.shift()!()
  t.strictSame(await last, [8], 'and it goes on')
})

const turn = () => new Promise(resolve => { setImmediate(resolve) })

/** A batcher whose calls end when the test says so. */
function held (options: Partial<Parameters<typeof createBatcher<number, number>>[0]> = {}) {
  const answers: (() => void)[] = []
  const { calls, addAll } = recorder({
    ...options,
    run: items => {
      calls.push(items)
      return new Promise(resolve => { answers.push(() => { resolve(items) }) })
    },
  })
  return {
    calls,
    addAll,
    async answer () {
      answers.shift()!()
      await turn()
    },
  }
}

t.test('callers take turns: a quiet one waits for what runs, and not for the queue of a noisy one', async t => {
  const { calls, addAll, answer } = held({ itemsMax: 2, runningMax: 1 })
  const noisy = addAll([1, 2, 3, 4, 5, 6], { caller: 'noisy' })
  await turn()
  const quiet = addAll([10], { caller: 'quiet' })
  const third = addAll([20, 21], { caller: 'third' })
  while (calls.length > 0 && calls.flat().length < 9) await answer()
  t.strictSame(calls, [[1, 2], [3, 10], [20, 4], [21, 5], [6]])
  await answer()
  t.strictSame(await Promise.all([noisy, quiet, third]), [[1, 2, 3, 4, 5, 6], [10], [20, 21]])
})

t.test('calls that run are bounded in size', async t => {
  const { calls, addAll, answer } = held({ itemsMax: 1, runningSizeMax: 20 })
  const all = addAll([10, 9, 5, 100, 1])
  await turn()
  t.strictSame(calls, [[10], [9], [5]], 'no more of them start from the bound on')
  await answer()
  t.strictSame(calls, [[10], [9], [5], [100]])
  await answer()
  await answer()
  t.strictSame(calls.length, 4)
  await answer()
  t.strictSame(calls.at(-1), [1])
  await answer()
  t.strictSame(await all, [10, 9, 5, 100, 1])
})

t.test('a call that is not full waits while others run, and is filled; a full one does not', async t => {
  const { calls, addAll, answer } = held({ itemsMax: 3, besidePartialMax: 1 })
  const asked = [addAll([1])]
  await turn()
  asked.push(addAll([2]))
  await turn()
  asked.push(addAll([3]))
  await turn()
  t.strictSame(calls, [[1], [2]])
  asked.push(addAll([4, 5, 6]))
  await turn()
  t.strictSame(calls, [[1], [2], [3, 4, 5]], 'the full one has left')
  await answer()
  t.strictSame(calls.length, 3, 'two others still run')
  await answer()
  t.strictSame(calls[3], [6])
  await answer()
  await answer()
  t.strictSame(await Promise.all(asked), [[1], [2], [3], [4, 5, 6]])
})

t.test('what a call has not begun with comes first in the next', async t => {
  const calls: number[][] = []
  const { addAll } = recorder({
    runningMax: 1,
    run: async items => {
      calls.push(items)
      return items.map((item, i) => i < 2 ? item : LATER)
    },
  })
  const budgeted = await Promise.all([addAll([1, 2, 3, 4]), addAll([5])])
  t.strictSame(budgeted, [[1, 2, 3, 4], [5]])
  t.strictSame(calls, [[1, 2, 3], [3, 4, 5], [5]])
  await t.rejects(recorder({ run: async () => [LATER] }).addAll([1]), /nothing/, 'a call that does nothing does not go on for ever')
})

t.test('a caller each of whose items fills a call does not keep the turn of another', async t => {
  const done: number[] = []
  const { addAll } = recorder({
    runningMax: 1,
    run: async ([first, ...others]) => {
      done.push(first!)
      return [first!, ...others.map((): number | typeof LATER => LATER)]
    },
  })
  await Promise.all([addAll([1, 2, 3, 4], { caller: 'a' }), addAll([11], { caller: 'b' }), addAll([21, 22], { caller: 'c' })])
  t.strictSame(done, [1, 11, 21, 2, 22, 3, 4])
})

t.test('what nobody waits for any more is not begun with', async t => {
  let isFull = false
  const { calls, addAll, answer } = held({ itemsMax: 1, runningMax: 1, budget: createBudget(3) })
  const asked = addAll([1, 2, 3], { answer: { isFull: () => isFull } })
  await turn()
  isFull = true
  await answer()
  t.match(await asked, [1, { code: 'overloaded', status: 503 }, { code: 'overloaded' }])
  t.strictSame(calls, [[1]])
  const next = addAll([4, 5, 6])
  await turn()
  for (let i = 0; i < 3; i += 1) await answer()
  t.strictSame(await next, [4, 5, 6], 'its place is free again')
})

t.test('what has waited for too long for a call is refused', async t => {
  const refusals: string[] = []
  const { calls, addAll, answer } = held({ itemsMax: 1, runningMax: 1, waitMaxMs: 0, budget: createBudget(10, undefined, refusal => { refusals.push(refusal) }) })
  const asked = addAll([1, 2])
  await turn()
  await answer()
  t.match(await asked, [1, { code: 'overloaded' }])
  t.strictSame(calls, [[1]])
  t.strictSame(refusals, ['late'])
})
