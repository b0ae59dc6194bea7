import { Hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { FIELD_LIST } from '../../../src/tickets/fields.ts'
import { createService, type Service } from '../../helper.ts'
import { create, key, update } from './operations.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

/** Characters that are hashed from now on; a service without keys hashes nothing else. */
function watchHashing (t: Test) {
  const seen = { characters: 0 }
  const { update } = Hash.prototype
  Hash.prototype.update = function (this: Hash, ...args: Parameters<typeof update>) {
    seen.characters += (args[0] as string).length
    return update.apply(this, args)
  } as typeof update
  t.teardown(() => { Hash.prototype.update = update })
  return seen
}

t.test('of a batch without a valid operation nothing is hashed', async t => {
  const { call } = await createService(t)
  const seen = watchHashing(t)
  const operations = Array.from({ length: 500 }, (_, i) => update(i + 1, { subject: 'x'.repeat(8000) }))
  t.match(await call('POST', '/tickets/batch', { operations }, key('a')), { status: 207 })
  t.equal(seen.characters, 0)
  for (const body of [{ operations, more: 1 }, { operations: [...operations, create(501)] }]) t.equal((await call('POST', '/tickets/batch', body, key('a'))).status, 400)
  t.equal(seen.characters, 0, 'nor of one whose envelope is wrong')
  t.match(await call('POST', '/tickets/batch', { operations: [create(501), ...operations.slice(1)] }, key('b')), { status: 207 })
  t.ok(seen.characters > 0, 'of one with a valid operation all is')
})

t.test('a key that is none is refused before the body is read', async t => {
  const { call } = await createService(t)
  t.match(await call('POST', '/tickets/batch', 'no JSON', { ...JSON_TYPE, ...key('a b') }), { status: 400, body: { errors: [{ pointer: '/idempotency-key' }] } })
})

/** Answers to other requests from the moment a batch is sent until its operations go to the store. */
async function answersBefore ({ app, call }: Service, operations: readonly object[]) {
  const { repository } = app.tickets
  const { write } = repository
  let isWriting = false
  repository.write = async operations => {
    isWriting = true
    return await write(operations)
  }
  const written = call('POST', '/tickets/batch', { operations }, key(`batch-of-${operations.length}`))
  let answers = 0
  while (!isWriting) {
    await call('GET', '/health/live')
    answers += 1
    // These requests need no turn of the event loop.
    await setImmediate()
  }
  repository.write = write
  t.equal((await written).status, 200)
  return answers
}

t.test('others are answered while a large batch is worked on', async t => {
  const service = await createService(t)
  const custom_fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'.repeat(140)]))
  const small = await answersBefore(service, [create(1)])
  const large = await answersBefore(service, Array.from({ length: 500 }, (_, i) => create(i + 10, { custom_fields })))
  t.ok(large >= small + 4, `${large} instead of ${small}`)
})

t.test('the largest batch by number of values is taken, and more than any valid one has is not parsed', async t => {
  const { call } = await createService(t)
  const texts = Object.fromEntries(FIELD_LIST.filter(({ create, storage }) => create === 'optional' && storage.integerMax === undefined).map(({ name }) => [name, 'open']))
  const operation = { ...texts, assigned_to: 1, created_at: 1, custom_fields: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, i])) }
  t.equal(FIELD_LIST.filter(({ create }) => create !== 'never').every(({ name }) => name in create(1, operation)), true, 'it has all fields')
  t.equal((await call('POST', '/tickets/batch', { operations: Array.from({ length: 500 }, (_, i) => create(i + 1, operation)) })).status, 200)

  const { parse } = JSON
  t.teardown(() => { JSON.parse = parse })
  let parsed = 0
  JSON.parse = (text: string, ...rest) => {
    parsed = Math.max(parsed, text.length)
    return parse(text, ...rest) as unknown
  }
  for (const [what, item] of [['numbers', () => '0'], ['empty lists', () => '[]'], ['objects of names', (i: number) => `{"k${i}":1}`], ['names', (i: number) => `"k${i}":1`]] as const) {
    const items = Array.from({ length: 40_000 }, (_, i) => item(i)).join()
    const body = `{"operations":[${what === 'names' ? `{${items}}` : `[${items}]`}]}`
    const response = await call('POST', '/tickets/batch', body, JSON_TYPE)
    t.match(response, { status: 400, body: { code: 'validation_failed', detail: /more than 32000 values/ } }, what)
  }
  const plain = `{"operations":[${Array.from({ length: 600_002 }, () => '0').join()}]}`
  t.match(await call('POST', '/tickets/batch', plain, JSON_TYPE), { status: 400, body: { code: 'validation_failed', detail: /more than 600000 items/ } })
  t.ok(parsed < 40_000, 'none of them was parsed')
})
