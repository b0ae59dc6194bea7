import t from 'tap'
import { createLimit } from '../../src/util/limit.ts'

t.test('at most so many at a time, in their order, also after one that fails', async t => {
  const limit = createLimit(2)
  const ends: (() => void)[] = []
  let running = 0
  let most = 0
  const work = (n: number) => limit(async () => {
    running += 1
    most = Math.max(most, running)
    await new Promise<void>(resolve => { ends.push(resolve) })
    running -= 1
    if (n === 1) throw new Error('one')
    return n
  })
  const all = Promise.allSettled([1, 2, 3, 4, 5].map(work))
  for (let ended = 0; ended < 5;) {
    const end = ends.shift()
    if (end) {
      end()
      ended += 1
    }
    await new Promise(resolve => { setImmediate(resolve) })
  }
  t.match(await all, [{ reason: { message: 'one' } }, { value: 2 }, { value: 3 }, { value: 4 }, { value: 5 }])
  t.equal(most, 2)
  t.equal(running, 0)
})
