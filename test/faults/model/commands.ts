import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fromHash, fromRow, type Row } from '../../../src/tickets/codec.ts'
import type { CreateTicket, PatchTicket, Ticket } from '../../../src/tickets/ticket.ts'
import type { Service } from '../../helper.ts'
import type { Content, Model, Told } from './model.ts'

/** The service, and the ids that this run may use: no other run has. */
export interface Real { service: Service, idOf: (nth: number) => number, lastKey: number }

type Command = fc.AsyncCommand<Model, Real>
type Answer = Awaited<ReturnType<Service['call']>>
type Write = { op: 'create', nth: number, fields: CreateTicket } | { op: 'update', nth: number, fields: PatchTicket }

const TICKETS = 4

/** What of a ticket does not depend on the time. */
function contentOf ({ created_at: _c, updated_at: _u, closed_at: _a, version: _v, synced_version: _s, ticket_id: _t, ...content }: Ticket): Content {
  return content
}

/** A command that ends with a look at everything: Redis, the due index and MySQL hold what the model says. */
const command = (name: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  async run (model, real) {
    await run(model, real)
    for (let nth = 0; nth < TICKETS; nth += 1) await checkStores(model, real.service, real.idOf(nth))
  },
  toString: () => name,
})

async function checkStores (model: Model, { hash, row, due, redis, prefix }: Service, id: number) {
  const ticket = model.tickets.get(id)
  const held = Object.entries(await hash(id)).flat()
  assert.equal(held.length > 0, ticket?.isHeld ?? false, `ticket ${id} is in Redis`)
  assert.equal(await redis.ttl(`${prefix}ticket:${id}`) > 0, ticket?.isMortal ?? false, `ticket ${id} expires`)
  const mark = await due(id)
  assert.equal(mark !== null, ticket?.isUnsynced ?? false, `ticket ${id} is unsynced`)
  assert.equal(mark !== null && mark !== 'inf', ticket?.isDue ?? false, `ticket ${id} is due`)
  if (ticket?.isHeld) {
    const inRedis = fromHash(id, held)
    assert.deepEqual(contentOf(inRedis), ticket.content)
    assert.equal(inRedis.version, ticket.version)
    assert.equal(inRedis.synced_version, ticket.row?.version ?? null)
    assert.equal(inRedis.closed_at !== undefined, ['resolved', 'closed'].includes(inRedis.status), 'closed_at stands while it is closed')
  }
  const archived = await row(id)
  assert.equal(archived !== undefined, ticket?.row !== undefined, `ticket ${id} is in MySQL`)
  if (archived) {
    const inMysql = fromRow(archived as unknown as Row)
    assert.deepEqual(contentOf(inMysql), ticket!.row!.content)
    assert.equal(inMysql.version, ticket!.row!.version)
  }
}

/** Compares the answer, and tells the model the version, which must be higher than the last. */
function checkWritten (model: Model, id: number, told: Told, status: number, version: number | undefined) {
  assert.equal(status, told.status)
  if (status >= 300) return
  const ticket = model.tickets.get(id)!
  assert.ok(version! > ticket.version, `${version} after ${ticket.version}`)
  ticket.version = version!
}

function checkAnswer (model: Model, id: number, told: Told, { status, body }: Answer) {
  checkWritten(model, id, told, status, body.version)
  if (told.content) assert.deepEqual(contentOf(body), told.content)
}

const apply = (model: Model, id: number, { op, fields }: Write) => op === 'create' ? model.create(id, fields as CreateTicket) : model.change(id, fields)

const nth = fc.nat(TICKETS - 1)
const status = fc.constantFrom('open', 'pending', 'on-hold', 'resolved', 'closed')
const text = fc.constantFrom('a', 'longer', 'with "quotes" and ümlauts', '0', ' ')
const custom = fc.constantFrom('a', 'b', 'c_1')

const createFields = fc.record({
  customer_id: fc.integer({ min: 1, max: 3 }),
  status,
  subject: text,
  assigned_to: fc.integer({ min: 1, max: 3 }),
  custom_fields: fc.dictionary(custom, fc.oneof(text, fc.integer(), fc.boolean()), { maxKeys: 3 }),
}, { requiredKeys: ['customer_id'] }) as fc.Arbitrary<CreateTicket>

const patchFields = fc.record({
  status,
  subject: fc.option(text),
  assigned_to: fc.option(fc.integer({ min: 1, max: 3 })),
  custom_fields: fc.option(fc.dictionary(custom, fc.option(fc.oneof(text, fc.integer(), fc.boolean())), { maxKeys: 3 })),
}, { requiredKeys: [] }).filter(fields => Object.keys(fields).length > 0) as fc.Arbitrary<PatchTicket>

const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ op: fc.constant('create' as const), nth, fields: createFields }),
  fc.record({ op: fc.constant('update' as const), nth, fields: patchFields }),
)

/** One write by its route; sent again with its key it changes nothing. */
const single = (one: Write, isRepeated: boolean) => command(`${one.op}(${one.nth}, ${JSON.stringify(one.fields)})${isRepeated ? ' twice' : ''}`, async (model, real) => {
  const id = real.idOf(one.nth)
  const send = () => real.service.call(one.op === 'create' ? 'POST' : 'PATCH', `/tickets/${id}`, one.fields, isRepeated ? { 'idempotency-key': `k${real.lastKey}` } : {})
  real.lastKey += 1
  const answer = await send()
  checkAnswer(model, id, apply(model, id, one), answer)
  if (!isRepeated) return
  const again = await send()
  assert.equal(again.headers['idempotency-replayed'], 'true')
  assert.equal(again.status, answer.status)
  if (answer.status < 300) assert.deepEqual(again.body, answer.body)
})

const close = (n: number, status: string) => single({ op: 'update', nth: n, fields: { status } }, false)

const changeIf = (n: number, isCurrent: boolean) => command(`update(${n}) if ${isCurrent ? 'unchanged' : 'older'}`, async (model, { service, idOf }) => {
  const id = idOf(n)
  const version = (model.tickets.get(id)?.version ?? 2) - (isCurrent ? 0 : 1)
  const answer = await service.call('PATCH', `/tickets/${id}`, { subject: 'if' }, { 'if-match': `"${version}"` })
  checkAnswer(model, id, model.change(id, { subject: 'if' }, isCurrent), answer)
})

const batch = (writes: Write[]) => command(`batch(${JSON.stringify(writes)})`, async (model, { service, idOf }) => {
  const operations = writes.map(({ op, nth, fields }) => ({ op, ticket_id: idOf(nth), ...fields }))
  const { body } = await service.call('POST', '/tickets/batch', { operations })
  writes.forEach((one, i) => {
    const { status, version } = body.results[i]
    checkWritten(model, idOf(one.nth), apply(model, idOf(one.nth), one), status, version)
  })
})

const read = (n: number) => command(`read(${n})`, async (model, { service, idOf }) => {
  const { status, headers, body } = await service.call('GET', `/tickets/${idOf(n)}`)
  const told = model.read(idOf(n))
  assert.equal(status, told.status)
  assert.equal(headers['x-ticket-source'], told.source)
  if (told.content) assert.deepEqual(contentOf(body), told.content)
})

const readList = (n: number) => command(`read(?ids=${n})`, async (model, { service, idOf }) => {
  const { status, body } = await service.call('GET', `/tickets?ids=${idOf(n)}`)
  assert.equal(status, 200)
  const { content } = model.look(idOf(n))
  assert.deepEqual(body.tickets.map(contentOf), content ? [content] : [])
})

const flush = command('flush()', async (model, { service }) => {
  assert.equal((await service.call('POST', '/flush')).status, 200)
  model.flush(({ isDue }) => isDue)
})

const flushAll = command('flush(all)', async (model, { service }) => {
  assert.equal((await service.call('POST', '/flush', { scope: 'all' })).status, 200)
  model.flush(() => true)
})

/** Answers what became of the ticket. */
const flushOne = (n: number) => command(`flush(${n})`, async (model, { service, idOf }) => {
  const { status, body } = await service.call('POST', '/flush', { ticket_ids: [idOf(n)] })
  assert.equal(status, 200)
  model.flush((_ticket, id) => id === idOf(n))
  assert.equal(body.results[0].state, model.look(idOf(n)).status === 404 ? 'not_found' : 'synced')
})

const expire = (n: number) => command(`expire(${n})`, async (model, { service: { redis, prefix }, idOf }) => {
  if (model.expire(idOf(n))) await redis.del(`${prefix}ticket:${idOf(n)}`)
})

/** All that callers, operators and time can do. */
export const commands = fc.commands<Model, Real, false>([
  fc.tuple(write, fc.boolean()).map(([one, isRepeated]) => single(one, isRepeated)),
  fc.tuple(nth, fc.constantFrom('closed', 'open')).map(([n, status]) => close(n, status)),
  fc.tuple(nth, fc.boolean()).map(([n, isCurrent]) => changeIf(n, isCurrent)),
  fc.array(write, { minLength: 1, maxLength: 6 }).map(batch),
  nth.map(read),
  nth.map(readList),
  fc.constantFrom(flush, flushAll),
  nth.map(flushOne),
  nth.map(expire),
], { maxCommands: 30, size: 'max' }) as fc.Arbitrary<Iterable<Command>>
