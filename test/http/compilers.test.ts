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

t.test('what hot routes need is compiled in turns of the event loop', async t => {
  const { validatorCompiler, compileHot } = createCompilers()
  const compiled: string[] = []
  for (const name of ['a', 'b']) {
    const schema = { get type () { compiled.push(name); return 'object' } }
    validatorCompiler({ schema: schema as never, method: 'POST', url: '/tickets/:id', httpPart: 'body' })
  }
  const done = compileHot()
  t.strictSame(compiled, [])
  await nextTurn()
  t.notOk(compiled.includes('b'), 'one in a turn')
  await done
  t.ok(compiled.includes('b'))
})
