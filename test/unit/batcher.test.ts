import t from 'tap'
import { createBatcher } from '../../src/util/batcher.ts'
import { createBudget } from '../../src/util/budget.ts'
import { Problem } from '../../src/errors.ts'

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
