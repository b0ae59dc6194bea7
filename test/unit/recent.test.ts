import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createRecent } from '../../src/util/recent.ts'

t.test('the oldest goes when it is full; what is told again is the newest', t => {
  const recent = createRecent<number, string>(2, 60_000)
  recent.set(1, 'a')
  recent.set(2, 'b')
  recent.set(1, 'c')
  recent.set(3, 'd')
  t.strictSame([recent.get(1), recent.get(2), recent.get(3)], ['c', undefined, 'd'])
  t.end()
})

t.test('it is forgotten after its time', async t => {
  const recent = createRecent<number, string>(2, 1)
  recent.set(1, 'a')
  while (recent.get(1) !== undefined) await sleep(1)
  t.equal(recent.get(1), undefined)
})
