import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { createScriptRunner } from '../../src/redis/scripts.ts'
import { createStores } from '../helper.ts'

setFlagsFromString('--expose-gc')
const collectYoung = runInNewContext('() => gc({ type: "minor" })') as () => void

t.test('a script call is out of memory with its answer, though nobody looks through the old objects', async t => {
  const { redis } = await createStores(t)
  const run = createScriptRunner(redis)
  const bytes = 100_000
  const calls = 20
  const script = { name: 'long', lua: `return string.rep('x', ${bytes})` }
  const call = async () => (await run(script, [], [])).toString().length
  t.equal(await call(), bytes)

  collectYoung()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < calls; i += 1) await call()
  collectYoung()
  t.ok(process.memoryUsage().heapUsed - before < calls * bytes / 2, `${calls * bytes} bytes of answers are gone`)
})

t.test('a script that fails says why, and is not called again', async t => {
  const { redis } = await createStores(t)
  const run = createScriptRunner(redis)
  const key = `${t.name} ${process.pid}`
  t.teardown(() => redis.del(key))
  await t.rejects(run({ name: 'failing', lua: "redis.call('INCR', KEYS[1]) return redis.error_reply('WRONG, and on purpose')" }, [key], []), { message: /^WRONG, and on purpose/ })
  t.equal(await redis.get(key), '1')
})
