import t from 'tap'
import { createBudget, type Refusal } from '../../src/util/budget.ts'

t.test('a caller alone has all of it, two have two thirds each, and there is room for whoever comes next', async t => {
  const refusals: Refusal[] = []
  const budget = createBudget(30, Infinity, refusal => { refusals.push(refusal) })
  const fill = (caller: string) => {
    let items = 0
    while (budget.take(caller, 1, 0)) items += 1
    return items
  }
  t.equal(fill('a'), 30)
  t.equal(fill('b'), 15, 'as much as is left free by then')
  t.equal(fill('c'), 7)
  t.equal(fill('a'), 0)
  t.equal(fill('d'), 4)
  t.ok(budget.take('quiet', 1, 0))
  t.strictSame([...new Set(refusals)], ['caller'])
})

t.test('callers that go on asking have the same share in the end, whoever was first', async t => {
  const budget = createBudget(30)
  const [first, second] = [[], []] as { items: number, size: number }[][]
  for (let i = 0; i < 30; i += 1) first!.push(budget.take('first', 1, 0)!)
  for (let round = 0; round < 100; round += 1) {
    for (const [caller, held] of [['first', first!], ['second', second!]] as const) {
      const account = budget.take(caller, 1, 0)
      if (account) held.push(account)
    }
    for (const held of [first!, second!]) if (held.length > 0 && round % 2 === 0) budget.give(held.pop()!, 1, 0)
  }
  t.ok(Math.abs(first!.length - second!.length) <= 2, `${first!.length} and ${second!.length}`)
})

t.test('it is bounded in size, too, and what is given back may be taken', async t => {
  const refusals: Refusal[] = []
  const budget = createBudget(10, 100, refusal => { refusals.push(refusal) })
  t.notOk(budget.take('a', 1, 101))
  t.strictSame(refusals, ['all'], 'nobody gets that much')
  const account = budget.take('a', 1, 100)!
  t.ok(budget.isSpent(account))
  t.notOk(budget.take('a', 1, 1))
  t.strictSame(refusals, ['all', 'caller'])
  budget.give(account, 1, 100)
  t.notOk(budget.isSpent(account))
  t.ok(budget.take('a', 1, 1))
})

t.test('what is there already is charged without a question, and leaves others their room', async t => {
  const budget = createBudget(10, 100)
  const account = budget.take('a', 1, 0)!
  budget.charge(account, 0, 150)
  t.ok(budget.isSpent(account))
  t.notOk(budget.take('a', 1, 0))
  t.ok(budget.take('b', 1, 25))
  t.notOk(budget.take('b', 1, 25))
})
