import t from 'tap'
import { createTurns } from '../../src/journal/gate.ts'

t.test('a write that is kept while its partition is being emptied: those that follow it go to the journal too', async t => {
  const turns = createTurns(2)
  await turns.keeping([1, 2], async () => {}, () => true)
  await turns.close(0, async () => true)
  t.strictSame(turns.journaled(), [1])

  await turns.close(1, async () => {
    // It was on its way to Redis before, which did not take it.
    await turns.keeping([3], async () => {}, () => true)
    return true
  })
  t.strictSame([turns.isJournaled(3), turns.mayWait(3), turns.isQuiet(), turns.isJournaled(2)], [true, true, false, false])

  await turns.close(1, async () => {
    await turns.keeping([3], async () => {}, () => false)
    return true
  })
  t.strictSame([turns.isJournaled(3), turns.mayWait(3), turns.isQuiet()], [false, false, true], 'what was surely not kept is no reason')

  let end = () => {}
  const isKept = turns.keeping([5], () => new Promise<void>(resolve => { end = resolve }), () => true)
  const isClosed = turns.close(1, async () => true)
  let isHeldBack = true
  const passage = turns.passage([1]).then(() => { isHeldBack = false })
  await new Promise(setImmediate)
  t.strictSame([isHeldBack, turns.isJournaled(1)], [true, true], 'what is being kept is waited for')
  end()
  await Promise.all([isKept, isClosed, passage])
  t.equal(turns.isQuiet(), true)

  const last = turns.close(1, async () => {
    void turns.keeping([7], () => new Promise<void>(resolve => { end = resolve }), () => true)
    return true
  })
  await last
  t.equal(turns.isJournaled(9), true, 'it is still being kept')
  end()
  await new Promise(setImmediate)
  t.strictSame([turns.isJournaled(9), turns.journaled()], [true, [1]])
})
