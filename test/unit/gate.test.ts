import t from 'tap'
import { createJournalGate } from '../../src/journal/gate.ts'

t.test('a write that is kept while its partition is being emptied: those that follow it go to the journal too', async t => {
  const gate = createJournalGate({ count: 2, block: 1 })
  await gate.trackAppend([1, 2], async () => {}, () => true)
  await gate.close(0, async () => true)
  t.strictSame(gate.journaled(), [1])

  await gate.close(1, async () => {
    // It was on its way to Redis before, which did not take it.
    await gate.trackAppend([3], async () => {}, () => true)
    return true
  })
  t.strictSame([gate.isJournaled(3), gate.mayHavePending(3), gate.isIdle(), gate.isJournaled(2)], [true, true, false, false])

  await gate.close(1, async () => {
    await gate.trackAppend([3], async () => {}, () => false)
    return true
  })
  t.strictSame([gate.isJournaled(3), gate.mayHavePending(3), gate.isIdle()], [false, false, true], 'what was surely not kept is no reason')

  let end = () => {}
  const isKept = gate.trackAppend([5], () => new Promise<void>(resolve => { end = resolve }), () => true)
  const isClosed = gate.close(1, async () => true)
  let isHeldBack = true
  const replayed = gate.whenReplayed([1]).then(() => { isHeldBack = false })
  await new Promise(setImmediate)
  t.strictSame([isHeldBack, gate.isJournaled(1)], [true, true], 'what is being kept is waited for')
  end()
  await Promise.all([isKept, isClosed, replayed])
  t.equal(gate.isIdle(), true)

  const last = gate.close(1, async () => {
    void gate.trackAppend([7], () => new Promise<void>(resolve => { end = resolve }), () => true)
    return true
  })
  await last
  t.equal(gate.isJournaled(9), true, 'it is still being kept')
  end()
  await new Promise(setImmediate)
  t.strictSame([gate.isJournaled(9), gate.journaled()], [true, [1]])
})
