import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import fc, { type Arbitrary } from 'fast-check'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService } from '../helper.ts'
import { broken, createArbitraries, mutated, type Schema } from './fuzz/arbitrary.ts'

/** Requests to each operation. `FUZZ_RUNS=20000 npm test -- test/access/fuzz.test.ts --timeout=0` looks for longer. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 150)

/** The same requests each time, so that a failure is one of the change; FUZZ_SEED makes others. */
const SEED = Number(process.env.FUZZ_SEED ?? 2)

interface Media { schema: Schema }
interface Described { content?: Record<string, Media>, headers?: Record<string, Media> }
interface Operation {
  operationId: string
  parameters?: { name: string, in: 'path' | 'query' | 'header', required?: boolean, schema: Schema }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, Described>
}

const document = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** Each waits for the next second. */
const SLOW = ['eraseCustomer']

/** What the service answers to a request that no operation is to blame for. */
const STATUSES_OF_DEFAULT = [404, 405, 408, 413, 415, 431]

const resolve = (ref: string): Schema => document.components.schemas[ref.replace('#/components/schemas/', '')]!

const ajv = new Ajv2020({ strict: false, schemas: [{ $id: 'document', ...document }] })
const validators = new Map<Schema, ValidateFunction>()

function validatorOf (schema: Schema): ValidateFunction {
  const known = validators.get(schema)
  if (known) return known
  // References are those of the document.
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components')) as Schema)
  validators.set(schema, validate)
  return validate
}

const { key, entry } = createApiKey('shop', 'read+write+erase+ops')
const arbitraryOf = createArbitraries(resolve)

/** What a header can hold. */
const headerText = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).filter(code => code < 0x7f || code > 0x9f).map(code => String.fromCharCode(code)) })

const VALID_HEADERS: Record<string, Arbitrary<string>> = {
  'if-match': fc.constantFrom('*', '"1"', '"1", W/"2"'),
  'if-none-match': fc.constantFrom('*', '"1"'),
  'idempotency-key': fc.stringMatching(/^[a-z]{1,2}$/),
  'last-event-id': fc.constantFrom('now'),
  prefer: fc.constantFrom('return=minimal', 'return=representation', 'wait=1'),
}

const hostileHeaders = fc.dictionary(fc.constantFrom('content-type', 'if-match', 'if-none-match', 'idempotency-key', 'prefer', 'x-request-id', 'content-encoding', 'accept', 'host', 'x-forwarded-for', 'range'), fc.oneof(
  headerText,
  fc.constantFrom('', '*', '"', 'application/json', 'application/json; charset=utf-16', 'text/plain', 'gzip', '"1"', '1', 'identity'),
), { maxKeys: 3 })

const textOf = (value: unknown): string => Array.isArray(value) ? value.map(textOf).join() : typeof value === 'object' ? JSON.stringify(value) : String(value)

interface Request { url: string, headers: Record<string, string>, payload?: string, isValid: boolean }

/** Requests to an operation: such as its description allows, and such as are nearly that. */
function requestsTo (path: string, { parameters = [], requestBody }: Operation): Arbitrary<Request> {
  const values = (place: string) => parameters.filter(parameter => parameter.in === place)
  const record = (place: string, of: (name: string, schema: Schema) => Arbitrary<unknown>) => fc.record(
    Object.fromEntries(values(place).map(({ name, schema }) => [name, of(name, schema)])),
    { requiredKeys: values(place).filter(({ required }) => required).map(({ name }) => name) })
  const body = requestBody && arbitraryOf(requestBody.content['application/json']!.schema)
  const toRequest = (isValid: boolean) => ([inPath, query, headers, payload]: [object, object, object, string | undefined]): Request => {
    const search = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(textOf(value))}`).join('&')
    return {
      url: Object.entries(inPath).reduce((url, [name, value]) => url.replace(`{${name}}`, encodeURIComponent(textOf(value))), path) + (search && `?${search}`),
      headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers as Record<string, string> },
      payload,
      isValid,
    }
  }
  const good = fc.tuple(
    record('path', (_name, schema) => arbitraryOf(schema)),
    record('query', (_name, schema) => arbitraryOf(schema)),
    record('header', name => VALID_HEADERS[name.toLowerCase()]!),
    body ? body.map(value => JSON.stringify(value)) : fc.constant(undefined),
  )
  const near = <T>(arbitrary: Arbitrary<T>) => fc.oneof({ weight: 3, arbitrary }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) as Arbitrary<unknown> as Arbitrary<T> })
  const bad = fc.tuple(
    record('path', (_name, schema) => near(arbitraryOf(schema))),
    fc.tuple(record('query', (_name, schema) => near(arbitraryOf(schema))), fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), fc.string(), { maxKeys: 1 })).map(parts => Object.assign({}, ...parts) as object),
    fc.tuple(record('header', name => VALID_HEADERS[name.toLowerCase()]!), hostileHeaders).map(parts => Object.assign({}, ...parts) as object),
    body ? fc.oneof({ weight: 4, arbitrary: mutated(body).map(value => JSON.stringify(value)) }, { weight: 1, arbitrary: broken(body) }) : fc.option(fc.string(), { nil: undefined }),
  )
  return fc.oneof(good.map(toRequest(true)), bad.map(toRequest(false)))
}

/** What would be wrong with an answer to this operation; undefined: it is as described. */
function findFault ({ responses }: Operation, { isValid }: Request, status: number, headers: Record<string, unknown>, body: string): string | undefined {
  if (status >= 500) return 'nothing is wrong with the service'
  const described = responses[String(status)] ?? (STATUSES_OF_DEFAULT.includes(status) ? responses.default : undefined)
  if (!described) return 'the status is not described'
  for (const [name, { schema }] of Object.entries(described.headers ?? {})) {
    const value = headers[name.toLowerCase()]
    if (value !== undefined && !validatorOf(schema)(schema.type === 'integer' ? Number(value) : value)) return `the header ${name} is not as described`
  }
  if (status === 304 || status === 204 || headers['preference-applied'] === 'return=minimal') return body === '' ? undefined : 'it has a body'
  const type = String(headers['content-type']).split(';')[0]!
  const media = described.content?.[type]
  if (!media) return `the content type ${type} is not described`
  const answer = (type.endsWith('json') ? JSON.parse(body) : body) as { errors?: { pointer: string, message: string }[] }
  const validate = validatorOf(media.schema)
  if (!validate(answer)) return `the body is not as described: ${ajv.errorsText(validate.errors)}`
  if (/\\ud[89a-f]/.test(body)) return 'it holds half of a character'
  if (isValid && status === 400 && !answer.errors?.some(({ message }) => /together with|would grow|next_cursor|other filters|is after|must be ids/.test(message))) return 'the request was as described'
  return undefined
}

t.test('every answer to every request is as the description says', async t => {
  const { app, call, sql, rows, readHashes, config } = await createService(t, { API_KEYS: entry, LOG_LEVEL: 'error' })
  const authorization = `Bearer ${key}`
  await sql.query(`INSERT INTO wp_support_tickets_journal (seq, ticket_id, partition_index, op, fields, accepted_at, idempotency_key, fingerprint, operation_index, state)
    VALUES ${Array.from({ length: 21 }, (_, i) => `(${i + 1}, ${i + 1}, 0, 'update', '{"priority": "low"}', 1, 'example${i}', '', 0, 'conflict')`).join()}`)
  const statuses = new Set<string>()

  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      await t.test(operation.operationId, async t => {
        await fc.assert(fc.asyncProperty(requestsTo(path, operation), async request => {
          const { url, headers, payload } = request
          const answer = await app.inject({ method: method.toUpperCase() as InjectOptions['method'], url, payload, headers: { authorization, ...headers } })
          statuses.add(`${operation.operationId} ${answer.statusCode}`)
          const fault = findFault(operation, request, answer.statusCode, answer.headers, answer.body)
          if (fault !== undefined) throw new Error(`${fault}: ${answer.statusCode} ${answer.body.slice(0, 500)}`)
        }), { numRuns: SLOW.includes(operation.operationId) ? Math.ceil(RUNS / 5) : RUNS, seed: SEED })
        t.pass()
      })
    }
  }

  for (const expected of ['createTicket 201', 'createTicket 400', 'createTicket 409', 'createTicket 422', 'changeTicket 200', 'changeTicket 404', 'changeTicket 412', 'readTicket 200', 'listTickets 200', 'countTickets 200', 'deleteTicket 204', 'writeTickets 207', 'applyJournalEntry 200', 'flush 200']) {
    t.ok(statuses.has(expected), `${expected} was among them`)
  }
  // What the description allows, MySQL takes, and it is the same there.
  t.match((await call('POST', '/flush', { scope: 'all' }, { authorization })).body, { retried: 0, dead: 0, remaining: 0 })
  t.match((await call('GET', '/flush', undefined, { authorization })).body, { dead: 0, unsynced: 0 })
  const archived = await rows()
  const hashes = await readHashes(archived.map(({ ticket_id }) => Number(ticket_id)))
  t.ok(archived.length > 0 && config.TICKETS_TABLE)
  for (const { ticket_id, subject, category, version } of archived) {
    const hash = hashes.get(Number(ticket_id))
    t.strictSame([subject, category, String(version)], [hash?.subject ?? null, hash?.category ?? null, hash?.version], `ticket ${String(ticket_id)}`)
  }
})
