import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { createSemaphore } from '../../src/util/semaphore.ts'

t.test('as much runs at a time as fits, callers take turns, and what is larger runs alone', async t => {
  const acquire = createSemaphore(10)
  const started: string[] = []
  const releases = new Map<string, () => void>()
  const add = (caller: string, name: string, size: number) => {
    void acquire(caller, size).then(release => {
      started.push(name)
      releases.set(name, release)
    })
  }
  const end = async (name: string) => {
    releases.get(name)!()
    await setImmediate()
  }
  add('a', 'a1', 6)
  add('a', 'a2', 4)
  add('a', 'a3', 1)
  add('a', 'a4', 1)
  add('b', 'b1', 50)
  await setImmediate()
  t.strictSame(started, ['a1', 'a2'])
  await end('a2')
  t.strictSame(started, ['a1', 'a2', 'a3'], 'b1, whose turn it is, waits for all the room')
  await end('a1')
  t.strictSame(started, ['a1', 'a2', 'a3'], 'and is not overtaken')
  await end('a3')
  t.strictSame(started, ['a1', 'a2', 'a3', 'b1'])
  await end('b1')
  t.strictSame(started, ['a1', 'a2', 'a3', 'b1', 'a4'])
})
