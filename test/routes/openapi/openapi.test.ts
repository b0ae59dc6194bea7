import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { describeApi } from '../../../scripts/openapi.ts'
import { createService, eventually } from '../../helper.ts'
import { webhooks } from '../../webhooks/receiver.ts'

const FILE = new URL('../../../openapi/openapi.json', import.meta.url)

interface Parameter { name: string, in: string, required?: boolean, description?: string, example?: unknown }
interface Media { schema?: object, example?: unknown, examples?: Record<string, { value: unknown }> }
interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  security?: { key?: string[] }[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description?: string, content?: Record<string, Media> }>
}

const operationsOf = ({ paths }: { paths: Record<string, Record<string, Operation>> }) =>
  Object.entries(paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]) => ({ path, method, operation })))

const examplesOf = ({ example, examples = {} }: Media) =>
  example === undefined ? Object.values(examples).map(({ value }) => value) : [example]

t.test('openapi/openapi.json is what the routes say', async t => {
  t.equal(await readFile(FILE, 'utf8'), await describeApi(), 'run npm run openapi')
})

t.test('it passes the linter', async t => {
  const root = new URL('../../../', import.meta.url)
  await t.resolves(promisify(execFile)('npx', ['redocly', 'lint', 'openapi/openapi.json'], { cwd: root }))
})

t.test('every route is described, and its example works when it is sent', async t => {
  const { call, sql } = await createService(t, { WEBHOOKS: webhooks({ url: 'http://127.0.0.1:1/' }) })
  const { status, body } = await call('GET', '/openapi.json')
  t.equal(status, 200)
  t.match(body.openapi, /^3\.1\./)

  const all = operationsOf(body)
  // The other examples are about the same ticket.
  for (const { path, method, operation } of all.toSorted((one, other) => Number(one.method === 'delete') - Number(other.method === 'delete'))) {
    const { operationId, summary, description, parameters = [], requestBody, responses } = operation
    const name = `${method} ${path}`
    t.ok(operationId && summary && description, `${name} has a name, a summary and a description`)
    for (const [code, response] of Object.entries(responses)) {
      t.ok(response.description, `${name} ${code} has a description`)
      if (code !== '304' && code !== '204') t.ok(Object.values(response.content ?? {})[0]?.schema, `${name} ${code} has a schema`)
    }
    // All examples together are what Swagger UI sends when nothing else is chosen. What does not go with the others has its example in words.
    const given = parameters.filter(parameter => parameter.in !== 'header')
    const sent = given.filter(({ example }) => example !== undefined)
    t.ok(given.every(({ example, required, description = '' }) => example !== undefined || (!required && description.includes('such as '))), `${name} has an example of each parameter`)
    const url = sent.reduce((url, parameter) => parameter.in === 'path'
      ? url.replace(`{${parameter.name}}`, String(parameter.example))
      : `${url}${url.includes('?') ? '&' : '?'}${parameter.name}=${String(parameter.example)}`, path)
    const examples = requestBody ? examplesOf(Object.values(requestBody.content)[0]!) : [undefined]
    t.ok(examples.length > 0, `${name} has an example of its body`)
    for (const example of examples) {
      // The entry of the journal's examples, which each of them settles.
      await sql.query(`REPLACE INTO wp_support_tickets_journal (seq, ticket_id, partition_index, op, fields, accepted_at, idempotency_key, fingerprint, operation_index, state)
        VALUES (17, 1234, 0, 'update', '{"priority": "low"}', 1, 'example', '', 0, 'conflict')`)
      const answer = await call(method.toUpperCase() as 'GET', url, example)
      t.ok(answer.status < 300, `${name} ${JSON.stringify(example)} answers ${answer.status}`)
      t.ok(String(answer.status) in responses, 'which is described')
    }
  }
})

t.test('on a service that holds nothing each example succeeds, or its answer is described and says why not', async t => {
  const { call } = await createService(t)
  await eventually(async () => { if ((await call('GET', '/flush')).body.indexes !== 'whole') throw new Error('not built') })
  const all = operationsOf((await call('GET', '/openapi.json')).body)
  // First those that make nothing.
  for (const { path, method, operation: { parameters = [], requestBody, responses } } of all.toSorted((a, b) => Number(a.method !== 'get') - Number(b.method !== 'get'))) {
    const url = parameters.filter(({ in: place, example }) => place !== 'header' && example !== undefined).reduce((url, parameter) => parameter.in === 'path'
      ? url.replace(`{${parameter.name}}`, String(parameter.example))
      : `${url}${url.includes('?') ? '&' : '?'}${parameter.name}=${String(parameter.example)}`, path)
    for (const example of requestBody ? examplesOf(Object.values(requestBody.content)[0]!) : [undefined]) {
      const { status, body } = await call(method.toUpperCase() as 'GET', url, example)
      t.ok(String(status) in responses, `${method} ${url} answers ${status}`)
      if (status >= 300) t.match(body, { code: /_not_found$/, detail: /\w/ }, `${method} ${url}: nothing is there yet`)
    }
  }
})

t.test('scopes are told, and tags in the order of their use', async t => {
  const { call } = await createService(t)
  const { body } = await call('GET', '/openapi.json')
  for (const { path, method, operation: { description = '', security = [] } } of operationsOf(body)) {
    for (const { key } of security) t.match(description, `Scope: \`${key![0]}\`.`, `${method} ${path}`)
  }
  const names = (body.tags as { name: string }[]).map(({ name }) => name)
  t.strictSame(names.slice(0, 4), ['tickets', 'lists', 'erasure', 'flush'])
  t.ok(operationsOf(body).every(({ operation: { tags = [] } }) => tags.length === 1 && names.includes(tags[0]!)), 'each has one of them')
})

t.test('Swagger UI', async t => {
  const { call, app } = await createService(t)
  const page = await app.inject('/docs')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-type'], 'text/html')
  t.match(page.body, /swagger-ui/)
  t.equal((await app.inject('/docs/static/swagger-ui-bundle.js')).statusCode, 200)
  t.equal((await call('GET', '/openapi.json')).status, 200)

  const off = await createService(t, { DOCS: 'off' })
  t.equal((await off.call('GET', '/docs')).status, 404)
})
