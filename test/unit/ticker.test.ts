import { EventEmitter, once } from 'node:events'
import t from 'tap'
import { createTicker } from '../../src/util/ticker.ts'

t.test('passes follow each other without overlap, and stop() waits for the last', async t => {
  const events = new EventEmitter()
  let running = 0
  let most = 0
  let passes = 0
  const ticker = createTicker({
    intervalMs: 1,
    onError: ({ message }) => { t.fail(message) },
    run: async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
      passes += 1
      events.emit('pass')
    },
  })
  ticker.start()
  ticker.start()
  while (passes < 5) await once(events, 'pass')
  await Promise.all([ticker.stop(), ticker.stop()])
  const atStop = passes
  t.equal(running, 0)
  t.equal(most, 1)
  await new Promise(resolve => { setTimeout(resolve, 20) })
  t.equal(passes, atStop, 'none begins after stop()')
})

t.test('wake() ends the pause', async t => {
  const events = new EventEmitter()
  const ticker = createTicker({ intervalMs: 3_600_000, onError: ({ message }) => { t.fail(message) }, run: async () => { events.emit('pass') } })
  const first = once(events, 'pass')
  ticker.start()
  await first
  for (let i = 0; i < 3; i += 1) {
    const pass = once(events, 'pass')
    ticker.wake(1)
    await pass
  }
  await ticker.stop()
  t.pass('three passes in an hour\'s pause')
})

t.test('the pause grows with failures, is jittered and bounded, and a success resets it', async t => {
  const pauses: number[] = []
  const events = new EventEmitter()
  let fails = true
  const ticker = createTicker({
    intervalMs: 2,
    onError: (_error, pauseMs) => { pauses.push(pauseMs) },
    run: async () => {
      events.emit('pass')
      if (fails) throw new Error('no')
    },
  })
  ticker.start()
  while (pauses.length < 6) await once(events, 'pass')
  pauses.slice(0, 6).forEach((pause, i) => {
    const longest = 2 * 2 ** (i + 1)
    t.ok(pause >= longest / 2 && pause <= longest, `${pause} of at most ${longest}`)
  })
  fails = false
  await once(events, 'pass')
  fails = true
  pauses.length = 0
  while (pauses.length < 1) await once(events, 'pass')
  t.ok(pauses[0]! <= 4, 'short again')
  await ticker.stop()

  const long: number[] = []
  const slow = createTicker({ intervalMs: 29_000, onError: (_error, pauseMs) => { long.push(pauseMs) }, run: async () => { throw new Error('no') } })
  slow.start()
  while (long.length === 0) await new Promise(setImmediate)
  await slow.stop()
  t.ok(long[0]! <= 30_000, 'never more than 30 s')
})

t.test('a failing pass is not hurried by wake(), and is by retry()', async t => {
  const events = new EventEmitter()
  let passes = 0
  const ticker = createTicker({
    intervalMs: 3_600_000,
    onError: () => { events.emit('failed') },
    run: async () => {
      passes += 1
      throw new Error('no')
    },
  })
  const failed = once(events, 'failed')
  ticker.start()
  await failed
  ticker.wake(0)
  await new Promise(resolve => { setTimeout(resolve, 20) })
  t.equal(passes, 1)
  const again = once(events, 'failed')
  ticker.retry()
  await again
  t.equal(passes, 2)
  const third = once(events, 'failed')
  ticker.recovered()
  await third
  t.equal(passes, 3, 'nor when somebody else\'s has succeeded')
  await ticker.stop()
})
