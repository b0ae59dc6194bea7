import t from 'tap'
import { Held } from '../../src/http/held.ts'
import { createBudget } from '../../src/util/budget.ts'

const BYTES_MAX = 100_000

/** A budget, and whether a caller could have nearly all of it. */
function start () {
  const budget = createBudget(Infinity, BYTES_MAX)
  const isEmpty = () => {
    const held = Held.take(budget, 'caller', BYTES_MAX - 2000)
    held?.release()
    return held !== undefined
  }
  return { budget, isEmpty }
}

t.test('a request holds its body and its answer until it is released', async t => {
  const { budget, isEmpty } = start()
  const held = Held.take(budget, 'caller', 1000)!
  held.addAnswer(2000)
  held.setAnswer(50_000)
  t.notOk(isEmpty())
  held.release()
  t.ok(isEmpty())
})

t.test('what is found for a client that is gone is held by nobody', async t => {
  const { budget, isEmpty } = start()
  const held = Held.take(budget, 'caller', 1000)!
  held.addAnswer(2000)
  held.release()
  // A read that was on its way, and the answer that is sent to nobody.
  held.addAnswer(40_000)
  held.setAnswer(90_000)
  t.ok(isEmpty())
})
