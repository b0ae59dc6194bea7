import fc from 'fast-check'
import t from 'tap'
import { createCompilers } from '../../src/http/compilers.ts'
import { Type } from '../../src/util/schema.ts'

t.test('a text has as many characters as Unicode says, and is told so', async t => {
  const check = createCompilers().createCheck(Type.String({ minLength: 2, maxLength: 4 }))
  const text = fc.array(fc.constantFrom('x', 'é', '🎫', '\ud83c', '\udfab'), { maxLength: 12 }).map(parts => parts.join(''))
  fc.assert(fc.property(text, text => {
    const { length } = [...text]
    t.equal(check(text) === undefined, length >= 2 && length <= 4, JSON.stringify(text))
  }), { numRuns: 500 })
  t.match(check('x'.repeat(1_000_000)), { code: 'validation_failed', errors: [{ message: 'must NOT have more than 4 characters' }] })
  t.match(check('🎫'), { code: 'validation_failed', errors: [{ message: 'must NOT have fewer than 2 characters' }] })
  t.equal(check('🎫🎫🎫🎫'), undefined)
})
