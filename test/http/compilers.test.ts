import { setImmediate as nextTurn } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createCompilers } from '../../src/http/compilers.ts'
import { Type } from '../../src/util/schema.ts'

const NOWHERE = { REDIS_URL: 'redis://127.0.0.1:1/0', MYSQL_URL: 'mysql://root@127.0.0.1:1/tickets', LOG_LEVEL: 'silent' }

/** Not a schema: Ajv refuses to compile it. */
const Wrong = Type.Unsafe<unknown>({ type: 'object', properties: { a: { $ref: '#/nowhere' } } })

t.test('all schemas of all routes can be compiled, and are valid', async t => {
  const compilers = createCompilers()
  const app = await buildApp(loadConfig(NOWHERE), undefined, compilers)
  t.teardown(() => app.close())
  await app.ready()
  t.doesNotThrow(compilers.compileAll)
  // What the start leaves out.
  const ajv = new Ajv2020({ strictSchema: false })
  for (const { schema = {} } of app.routes) {
    for (const part of [schema.body, schema.params, schema.querystring, schema.headers]) {
      if (part) t.ok(ajv.validateSchema(part as object), JSON.stringify(ajv.errors))
    }
  }
})

t.test('a schema is compiled when it is needed, or at once for a hot route', async t => {
  const { validatorCompiler, compileHot, compileAll } = createCompilers()
  const seldom = validatorCompiler({ schema: Wrong, method: 'GET', url: '/journal', httpPart: 'body' })
  await compileHot()
  t.throws(() => seldom({}), /nowhere/)
  t.throws(compileAll, /nowhere/, 'it is still wanted')
  validatorCompiler({ schema: Wrong, method: 'PATCH', url: '/tickets/:id', httpPart: 'body' })
  await t.rejects(compileHot(), /nowhere/)
})

t.test('between two of what hot routes need an answer of several turns of the event loop is given', async t => {
  const { validatorCompiler, compileHot } = createCompilers()
  let turns = 0
  const compiledAt: number[] = []
  for (let i = 0; i < 2; i += 1) {
    const schema = { get type () { compiledAt.push(turns); return 'object' } }
    validatorCompiler({ schema: schema as never, method: 'POST', url: '/tickets/:id', httpPart: 'body' })
  }
  let isDone = false
  const done = compileHot().then(() => { isDone = true })
  while (!isDone) {
    await nextTurn()
    turns += 1
  }
  await done
  const [first] = compiledAt
  t.ok(first! > 0, 'those that wait already are answered first')
  t.ok(compiledAt.at(-1)! - first! > 1, String(compiledAt))
})
