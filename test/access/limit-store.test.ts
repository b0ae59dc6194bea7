import t, { type Test } from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLimitStore, type Counted, type Place } from '../../src/limits/store.ts'
import { createService } from '../helper.ts'

const MAX = 200
const WINDOW_MS = 60_000

/** A store on a real Redis whose answers the test may hold back. */
async function createStore (t: Test) {
  const { app, prefix } = await createService(t)
  const redis = app.redis.homes[0]!
  let held: Promise<void> = Promise.resolve()
  const home = {
    isReady: redis.isReady,
    async call (work: Parameters<typeof redis.call>[0]) {
      const reply = await redis.call(work)
      await held
      return reply
    },
  } as Place['home']
  const { Store, pass, close } = createLimitStore({ windowMs: WINDOW_MS, placeOf: () => ({ home, key: bucket => `${prefix}limit:${bucket}` }), onError: error => { t.error(error) }, onSuccess () {} })
  const store = new Store()
  return {
    close,
    pass: () => pass('key:shop', MAX),
    count: () => new Promise<Counted>((resolve, reject) => { store.incr('key:shop', (error, result) => { if (error) reject(error); else resolve(result!) }, WINDOW_MS, MAX) }),
    /** Returns a function that lets the answers through. */
    hold () {
      let release = () => {}
      held = new Promise(resolve => { release = resolve })
      return release
    },
  }
}

const turn = () => new Promise(setImmediate)

t.test('half of a limit passes before it is counted, also while Redis is slow to count', async t => {
  const { pass, count, hold, close } = await createStore(t)
  t.equal(pass(), undefined, 'nothing is known yet')
  t.match(await count(), { current: 1 })
  let passed = 1
  while (pass()) passed += 1
  t.equal(passed, MAX / 2)

  const release = hold()
  const waiting = [count()]
  for (let i = 0; i < 5; i += 1) {
    await turn()
    t.equal(pass(), undefined, 'what is on its way to Redis is not forgotten')
  }
  release()
  t.match(await waiting[0], { current: MAX / 2 + 1 })
  t.match(await Promise.all([count(), count()]), [{ current: MAX / 2 + 2 }, { current: MAX / 2 + 3 }])
  await close()
})

t.test('what was known for a tenth of a second says nothing any more', async t => {
  const { pass, count, close } = await createStore(t)
  await count()
  await sleep(101)
  t.equal(pass(), undefined)
  await count()
  t.match(pass(), { current: 3 })
  await close()
})
