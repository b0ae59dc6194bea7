import t from 'tap'
import { Type as TypeBox } from 'typebox'
import { Environment, loadConfig } from '../../src/config.ts'
import { createFinder, withDefaults } from '../../src/util/ajv.ts'
import { Type } from '../../src/util/schema.ts'

/** The same schema in the words of either. */
const build = (words: typeof Type) => words.Object({
  id: words.Integer({ minimum: 1, description: 'an id' }),
  name: words.Optional(words.String({ maxLength: 3 })),
  share: words.Number(),
  isOpen: words.Boolean({ default: false }),
  kind: words.Enum(['a', 'b'], { default: 'a' }),
  mark: words.Literal(true, { description: 'x' }),
  word: words.Literal('x'),
  list: words.Array(words.String(), { uniqueItems: true }),
  counts: words.Record(words.String(), words.Integer()),
  any: words.Unknown(),
  either: words.Optional(words.Unsafe<number | null>({ type: ['integer', 'null'] })),
}, { additionalProperties: false, examples: [1] })

t.test('schemas are those of TypeBox', async t => {
  t.equal(JSON.stringify(build(Type)), JSON.stringify(build(TypeBox)))
  const none = { a: Type.Optional(Type.String()) }
  t.equal(JSON.stringify(Type.Object(none)), '{"type":"object","properties":{"a":{"type":"string"}}}', 'nothing is required')
})

t.test('the first error is found, in words for people', async t => {
  const find = createFinder(Type.Array(Type.String({ minLength: 2 }), { uniqueItems: true }))
  t.equal(find(['ab', 'cd']), undefined)
  t.match(find(['ab', 'ab']), { message: 'must not have duplicate items' })
  t.match(find(['ab', 'c']), { instancePath: '/1', message: 'must not have fewer than 2 characters' })
})

t.test('the defaults of all variables are what their schemas say', async t => {
  t.equal(createFinder(Environment)(loadConfig({})), undefined)
})

t.test('defaults fill what is missing, each time anew', async t => {
  const schema = Type.Object({ list: Type.Array(Type.String(), { default: ['a'] }), name: Type.Optional(Type.String()) })
  const filled = withDefaults(schema, { name: 'x' }) as { list: string[] }
  t.strictSame(filled, { list: ['a'], name: 'x' })
  filled.list.push('b')
  t.strictSame(withDefaults(schema, {}), { list: ['a'] })
  t.equal(withDefaults(schema, null), null)
})
