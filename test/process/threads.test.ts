import { readFileSync, readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import t from 'tap'
import { createStores } from '../helper.ts'
import { startServer } from '../server-process.ts'

t.test('V8\'s own threads give way to the event loop', { skip: process.platform !== 'linux' && 'only Linux knows threads by their names' }, async t => {
  const { variables } = await createStores(t)
  const { child, url } = startServer(t, variables)
  await url()
  const threads = readdirSync(`/proc/${child.pid}/task`).map(Number)
  const named = threads.filter(thread => readFileSync(`/proc/${child.pid}/task/${thread}/comm`, 'utf8').trim().endsWith('V8Worker'))
  t.ok(named.length > 0)
  t.equal(getPriority(child.pid!), getPriority())
  for (const thread of named) t.equal(getPriority(thread), Math.min(getPriority() + 10, 19))
})
