import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { json, text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { parseRecord } from '../../scripts/import/csv.ts'
import { toText } from '../../scripts/import/progress.ts'
import { createService } from '../helper.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/import.ts', import.meta.url))

const ticket = (id: number, fields: object = {}) => ({ ticket_id: id, customer_id: 9, status: 'closed', created_at: 1000, closed_at: 2000, updated_at: 3000, ...fields })

const toLines = (tickets: object[]) => tickets.map(each => `${JSON.stringify(each)}\n`).join('')

function start (url: string, file: string, ...options: string[]) {
  const child = spawn(process.execPath, [SCRIPT, file, '--url', url, ...options], { env: { PATH: process.env.PATH } })
  const output = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(([stdout, stderr]) => ({ status: child.exitCode, stdout, stderr }))
  return { child, output }
}

async function listening (t: Test, variables = {}) {
  const service = await createService(t, variables)
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' })
  const file = (name: string, content: string) => {
    const path = join(t.testdir(), name)
    writeFileSync(path, content)
    return path
  }
  return { ...service, url, file, run: (path: string, ...options: string[]) => start(url, path, ...options).output }
}

const refusedOf = (path: string) => readFileSync(`${path}.refused.ndjson`, 'utf8').trim().split('\n').map(line => JSON.parse(line) as { line: number, reason: string, text: string })

t.test('NDJSON: all lines, those that are refused in a file of their own; again changes nothing; more lines follow', async t => {
  const { file, run, call, redis, prefix } = await listening(t)
  const deep = `{"ticket_id":3,"customer_id":${'['.repeat(200)}${']'.repeat(200)}}`
  const path = file('old.ndjson', `${toLines([ticket(1), ticket(2, { created_at: '2019-03-04T11:46:40Z', closed_at: '2019-03-05T13:46:40+01:00', updated_at: undefined })])}${deep}\n\nno json\n${toLines([
    ticket(4, { closed_at: 500 }), ticket(5, { op: 'delete' }), ticket(6)])}[1]\n${toLines(Array.from({ length: 700 }, (_, i) => ticket(100 + i)))}`)
  await call('POST', '/tickets/6', { customer_id: 8 })
  const first = await run(path)
  t.match(first, { status: 1, stdout: '702 imported, 0 were there already, 6 refused.\n', stderr: /refused\.ndjson/ })
  t.match((await call('GET', '/tickets/2')).body, { created_at: 1_551_700_000, closed_at: 1_551_790_000, updated_at: 1_551_790_000 })
  const refused = refusedOf(path)
  t.strictSame(refused.map(({ line }) => line), [3, 5, 6, 7, 8, 9])
  t.match(refused.map(({ reason }) => reason), [/validation_failed/, /JSON/, /closed_at is before created_at/, /only tickets can be imported/, 'the ticket exists already, and differs in customer_id, status, created_at, closed_at, updated_at', /no JSON object/])
  t.equal(refused[1]!.text, 'no json')

  const changes = async () => await redis.xlen(`${prefix}tickets:changes`)
  const before = await changes()
  t.match(await run(path), { status: 1, stdout: first.stdout, stderr: /Going on at line 710/ })
  t.equal(await changes(), before, 'nothing was sent')
  appendFileSync(path, toLines([ticket(2000)]))
  t.match(await run(path), { stdout: '703 imported, 0 were there already, 6 refused.\n' })

  const held = (await call('GET', '/tickets/1')).text
  t.match(await run(path, '--restart'), { status: 1, stdout: '0 imported, 703 were there already, 6 refused.\n' })
  t.equal((await call('GET', '/tickets/1')).text, held)
  t.equal(refusedOf(path).length, 6)

  writeFileSync(path, toLines([ticket(3000)]))
  t.match(await run(path), { status: 1, stderr: /is of another file/ })
  t.match(await run(path, '--restart'), { status: 0, stdout: '1 imported, 0 were there already, 0 refused.\n' })
  t.notOk(existsSync(`${path}.refused.ndjson`))
})

t.test('CSV: quotes, line feeds, custom fields, times, empty cells', async t => {
  const { file, run, call } = await listening(t)
  const path = file('old.csv', '\uFEFFticket_id,customer_id,subject,status,created_at,closed_at,custom_fields.order,custom_fields\r\n' +
    '1,9,"a ""quoted"", subject\nof two lines",closed,2019-03-04 11:46:40Z,1551790000,A-1,"{""vip"":true}"\r\n' +
    '2,9,,open,1551700000,,,\r\n' +
    '3,9,"x"y,open,,,,\r\n' +
    '4,9,few\r\n' +
    '5,9,,open,2019-03-04,,,\r\n')
  t.match(await run(path), { status: 1, stdout: '2 imported, 0 were there already, 3 refused.\n' })
  t.match((await call('GET', '/tickets/1')).body, { subject: 'a "quoted", subject\nof two lines', created_at: 1_551_700_000, closed_at: 1_551_790_000, custom_fields: { order: 'A-1', vip: true } })
  t.notOk('subject' in (await call('GET', '/tickets/2')).body)
  t.match(refusedOf(path), [{ line: 5, reason: /follows a quote/ }, { line: 6, reason: 'has 3 values, and the first line 8 names' }, { line: 7, reason: /created_at must be integer/ }])
  t.match(await run(file('bad.csv', 'ticket_id,Customer\n1,2\n')), { status: 1, stderr: /There is no field "Customer"/ })
  t.strictSame(['a,b', '"a,b",', '""', ',', '"a""b"'].map(text => parseRecord(text, ',')), [['a', 'b'], ['a,b', ''], [''], ['', ''], ['a"b']])
})

t.test('killed in the middle it goes on, and each ticket is there once', async t => {
  const service = await listening(t)
  const { file, run, rows, call } = service
  const path = file('old.ndjson', toLines(Array.from({ length: 6000 }, (_, i) => i === 2500 ? ticket(1 + i, { status: 'unheard' }) : ticket(1 + i))))
  // One batch at a time passes, and the client is killed when some have.
  const { child, output } = start(service.url, path, '--parallel', '1')
  await new Promise<void>(resolve => { service.app.tickets.events.on('write', () => { if (existsSync(`${path}.import-state.json`)) resolve() }) })
  child.kill('SIGKILL')
  await output
  const { stdout } = await run(path)
  const [, imported, existing] = /^(\d+) imported, (\d+) were there already, 1 refused/.exec(stdout)!
  t.equal(Number(imported) + Number(existing), 5999)
  t.match(refusedOf(path), [{ line: 2501, reason: /status must be one of/ }])
  t.equal((await call('POST', '/flush')).status, 200)
  t.equal((await rows()).length, 5999)
})

t.test('what is not taken now is sent again; what never will be ends it', async t => {
  const bodies: { operations: { ticket_id: number }[] }[] = []
  const answers = [503, 429, 207, 200]
  const server = createServer((request, response) => {
    void json(request).then(body => {
      const isAllowed = request.headers.authorization === 'Bearer secret'
      const status = isAllowed ? answers.shift()! : 401
      if (isAllowed) bodies.push(body as typeof bodies[number])
      const results = bodies.at(-1)?.operations.map(({ ticket_id: id }) => ({ ticket_id: id, status: status === 207 && id === 2 ? 503 : 201, error: { code: 'outcome_unknown' } }))
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(status < 300 ? { results } : { code: 'overloaded', detail: 'Not now.' }))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as { port: number }
  const path = join(t.testdir({ 'old.ndjson': toLines([ticket(1), ticket(2)]), key: 'secret\n' }), 'old.ndjson')
  const url = `http://127.0.0.1:${port}`
  t.match(await start(url, path).output, { status: 1, stderr: /refuses the import: 401 Not now/ })
  t.match(await start(url, path, '--key-file', join(path, '../key')).output, { status: 0, stdout: /^2 imported/ })
  t.strictSame(bodies.map(({ operations }) => operations.map(({ ticket_id: id }) => id)), [[1, 2], [1, 2], [1, 2], [2]])
})

t.test('usage', async t => {
  const path = join(t.testdir({ 'a.txt': '' }), 'a.txt')
  t.match(await start('http://127.0.0.1:1', path).output, { status: 1, stderr: /Say --format/ })
  t.match(await start('x', path, '--format', 'csv').output, { status: 1, stderr: /--url must be/ })
  t.match(await start('http://127.0.0.1:1', `${path}x`).output, { status: 1, stderr: /There is no file/ })
  t.match(await start('http://127.0.0.1:1', path, '--unheard').output, { status: 1, stderr: /Usage/ })
  t.match(await start('http://127.0.0.1:1', path, '--help').output, { status: 0, stdout: /Usage/ })
  rmSync(path)
})

t.test('the bar', async t => {
  const from = { share: 0.25, tickets: 100, refused: 0 }
  t.match(toText({ share: 0.5, tickets: 20_100, refused: 3 }, from, 1), /^█{12}░{12} 50 % {2}20,100 tickets {2}20,000\/s {2}3 refused {2}2 s left$/)
  t.match(toText({ share: 1, tickets: 20_100, refused: 0 }, from, 1), /^█{24} 100 % {2}20,100 tickets {2}20,000\/s$/)
})
