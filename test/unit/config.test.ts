import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PAGES, envExample, readPage, withTable } from '../../scripts/docs.ts'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { loadConfig } from '../../src/config.ts'

t.test('defaults', async t => {
  t.match(loadConfig({}), {
    HOST: '127.0.0.1',
    PORT: 3000,
    REDIS_URL: 'redis://127.0.0.1:6379/0',
    TICKETS_TABLE: 'wp_support_tickets',
    TICKET_STATUSES: ['open', 'pending', 'on-hold', 'resolved', 'closed'],
    TICKET_CLOSED_STATUSES: ['resolved', 'closed'],
    TICKET_RETENTION_SECONDS: 604_800,
    SYNC_STRATEGY: 'hybrid',
    FLUSH_INTERVAL_MS: 5000,
    MYSQL_MIGRATE: true,
    WEBHOOK_TIMEOUT_MS: 15_000,
  })
  t.equal(loadConfig({ PORT: '' }).PORT, 3000, 'an empty value is none')
})

t.test('values', async t => {
  t.match(loadConfig({ PORT: '8080', MYSQL_MIGRATE: 'false', TICKET_STATUSES: 'new, done', TICKET_CLOSED_STATUSES: 'done', HOST: '::1' }), {
    PORT: 8080, MYSQL_MIGRATE: false, TICKET_STATUSES: ['new', 'done'], TICKET_CLOSED_STATUSES: ['done'],
  })
  t.equal(loadConfig({ HOST: '0.0.0.0', API_KEYS: createApiKey('shop', 'read').entry }).HOST, '0.0.0.0')
})

t.test('a value that does not do is refused by its name, in one line', async t => {
  for (const [name, value] of [
    ['PORT', 'abc'], ['PORT', '65536'], ['PORT', '1e3'], ['LOG_LEVEL', 'loud'], ['REDIS_URL', 'http://x'], ['MYSQL_URL', 'mysql://host-only'],
    ['MYSQL_MIGRATE', 'yes'], ['TICKETS_TABLE', 'a; DROP TABLE b'], ['TICKET_STATUSES', 'a,a'], ['TICKET_CLOSED_STATUSES', 'unheard-of'],
    ['SYNC_STRATEGY', 'never'], ['FLUSH_BATCH_SIZE', '0'], ['FLUSH_INTERVAL_MS', '-1'], ['KEY_PREFIX', 'a{b}'], ['HOST', '0.0.0.0'],
    ['REDIS_URL', 'redis://127.0.0.1:99999'], ['REDIS_URL', 'redis://:p%zz@h'], ['MYSQL_URL', 'mysql://u:sec/ret@h/db'], ['MYSQL_URL', 'mysql://u:p%zz@h/db'],
    ['MYSQL_URL', 'mysql://h/db?flags=-FOUND_ROWS'], ['MYSQL_URL', 'mysql://h/db?ssl={}&dateStrings=false'],
  ] as const) {
    t.throws(() => loadConfig({ [name]: value }), { name: 'ConfigError', message: new RegExp(`^${name} [^\\n]+$`) }, `${name}=${value}`)
  }
})

t.test('statuses are named as people name them', async t => {
  const names = ['Open', 'In Progress', 'Wartet auf Kunde', 'a=b', 'say "hi"', '\u30af\u30ed\u30fc\u30ba', '\u{1f3ab}'.repeat(64), 'x'.repeat(64)]
  t.strictSame(loadConfig({ TICKET_STATUSES: names.join(' ,  '), TICKET_CLOSED_STATUSES: ' Wartet auf Kunde ' }), {
    ...loadConfig({}), TICKET_STATUSES: names, TICKET_CLOSED_STATUSES: ['Wartet auf Kunde'],
  }, 'without the spaces around them')
  t.strictSame(loadConfig({ TICKET_STATUSES: 'open,Open', TICKET_CLOSED_STATUSES: 'Open' }).TICKET_STATUSES, ['open', 'Open'], 'case counts')
  for (const [value, message] of [
    ['a,,b', /empty entry/], ['a,', /empty entry/], [' ', /empty entry/], ['a,b, a', /must not have duplicate items/], ['x'.repeat(65), /more than 64 characters/], ['\u{1f3ab}'.repeat(65), /more than 64 characters/],
    ['a\tb', /"a\\tb", which has a control character/], ['a\0', /control/], ['a\x7f', /control/], ['a\x85b', /control/], ['a\ud800', /UTF-8/], ['\udc00', /UTF-8/], ['f\ufffdllig', /UTF-8/],
  ] as const) {
    const pattern = new RegExp(`^TICKET_STATUSES [^\\n]*${message.source}`)
    t.throws(() => loadConfig({ TICKET_STATUSES: value, TICKET_CLOSED_STATUSES: value }), { name: 'ConfigError', message: pattern }, JSON.stringify(value))
  }
  t.throws(() => loadConfig({ TICKET_CLOSED_STATUSES: 'Closed' }), { message: /^TICKET_CLOSED_STATUSES names Closed, which is not one of/ })
  t.throws(() => loadConfig({ TICKET_CLOSED_STATUSES: 'closed,' }), { message: /^TICKET_CLOSED_STATUSES has an empty entry/ })
})

t.test('a .env file may hold names with spaces and letters of any language', async t => {
  const directory = t.testdir({ '.env': 'TICKET_STATUSES=Open, In Progress ,Wartet auf R\u00fcckmeldung\nTICKET_CLOSED_STATUSES="In Progress,Wartet auf R\u00fcckmeldung"\n' })
  const script = `const { environment, loadConfig } = await import(${JSON.stringify(new URL('../../src/config.ts', import.meta.url).href)}); console.log(JSON.stringify(loadConfig(environment())))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: directory, encoding: 'utf8', env: {} })
  t.match(JSON.parse(stdout), { TICKET_STATUSES: ['Open', 'In Progress', 'Wartet auf R\u00fcckmeldung'], TICKET_CLOSED_STATUSES: ['In Progress', 'Wartet auf R\u00fcckmeldung'] })
})

t.test('a URL says what it connects to, and the driver passes over nothing of it', async t => {
  for (const [REDIS_URL, REDIS_MODE] of [
    ['redis://h', 'standalone'], ['redis://h/', 'standalone'], ['redis://h/0', 'standalone'], ['rediss://u:p%2F%23@[::1]:6380/15', 'standalone'],
    ['redis://h/3', 'sentinel'], ['redis://h/0', 'cluster'], ['redis://h', 'cluster'], ['redis://:p@h', 'cluster'],
  ] as const) {
    t.equal(loadConfig({ REDIS_URL, REDIS_MODE, REDIS_SENTINELS: 'a:1', REDIS_CLUSTER_NODES: 'b:65535,[::1]:7000' }).REDIS_URL, REDIS_URL)
  }
  const modes = { REDIS_SENTINELS: 'a:1', REDIS_CLUSTER_NODES: 'b:1' }
  for (const [variables, message] of [
    [{ REDIS_URL: 'redis://h/abc' }, /number of a database/], [{ REDIS_URL: 'redis://h/1/2' }, /number of a database/], [{ REDIS_URL: 'redis://h/-1' }, /number of a database/],
    [{ REDIS_URL: 'redis://h/1.5' }, /number of a database/], [{ REDIS_URL: 'redis://h/1e3' }, /number of a database/], [{ REDIS_URL: 'redis://h/0/' }, /number of a database/], [{ REDIS_URL: 'redis://h/01' }, /number of a database/],
    [{ REDIS_URL: 'redis://h//1' }, /number of a database/], [{ REDIS_URL: 'redis://h/1?db=2' }, /options/], [{ REDIS_URL: 'redis://h?family=6' }, /options/], [{ REDIS_URL: 'redis://h/1#2' }, /has a #/],
    [{ REDIS_URL: 'redis://h:0/1' }, /port 0/], [{ REDIS_URL: 'redis:///1' }, /no host/], [{ REDIS_URL: 'redis://a,b/1' }, /one host/], [{ REDIS_URL: 'redis://:pa?ss@h' }, /^REDIS_URL /], [{ REDIS_URL: 'redis://:1#2@h/0' }, /^REDIS_URL /],
    [{ REDIS_URL: 'redis://h/1', REDIS_MODE: 'cluster', ...modes }, /0 alone/], [{ REDIS_URL: 'redis://h/x', REDIS_MODE: 'cluster', ...modes }, /number/], [{ REDIS_URL: 'redis://h/x', REDIS_MODE: 'sentinel', ...modes }, /number/],
    [{ MYSQL_URL: 'mysql://h/a/b' }, /one database/], [{ MYSQL_URL: 'mysql://h/a/' }, /one database/], [{ MYSQL_URL: 'mysql://h:0/a' }, /port 0/], [{ MYSQL_URL: 'mysql://h/a#b' }, /has a #/],
    [{ MYSQL_URL: 'mysql://u:1#secret@h/db' }, /has a #/], [{ MYSQL_URL: 'mysql://u:1?secret@h/db' }, /one database/], [{ MYSQL_URL: 'mysql://a,b/db' }, /one host/],
    [{ REDIS_SENTINELS: 'a:0' }, /names a:0/], [{ REDIS_SENTINELS: 'a:1,b:65536' }, /names b:65536/], [{ REDIS_SENTINELS: 'a:99999' }, /names/], [{ REDIS_CLUSTER_NODES: 'a:1,b:0' }, /names b:0/], [{ REDIS_CLUSTER_NODES: '[1:2:3]:7000' }, /names \[1:2:3\]:7000/],
  ] as const) {
    const [name] = Object.keys(variables)
    const error = t.throws(() => loadConfig(variables), { name: 'ConfigError' }, JSON.stringify(variables)) as unknown as Error
    t.match(error.message, message)
    t.match(error.message, new RegExp(`^${name} [^\\n]+$`))
    t.notMatch(error.message, /secret|pa\?ss/, 'it may be part of a password')
  }
})

t.test('CORS_ORIGINS are origins as browsers write them', async t => {
  t.strictSame(loadConfig({ CORS_ORIGINS: 'https://desk.example, http://localhost:8080,https://[::1]:3,https://xn--bcher-kva.example' }).CORS_ORIGINS,
    ['https://desk.example', 'http://localhost:8080', 'https://[::1]:3', 'https://xn--bcher-kva.example'])
  t.strictSame(loadConfig({}).CORS_ORIGINS, [], 'off')
  for (const [value, message] of [
    ['*', /has a \*/], ['https://desk.example,*', /has a \*/], ['null', /no origin/], ['desk.example', /no origin/], ['https://', /no origin/], ['https://*.example', /has a \*/], ['file:///x', /no origin/],
    ['https://desk.example/', /write https:\/\/desk\.example$/], ['https://desk.example/app', /write https:\/\/desk\.example$/], ['https://Desk.example', /write https:\/\/desk\.example$/],
    ['https://desk.example:443', /write https:\/\/desk\.example$/], ['http://h:80', /write http:\/\/h$/], ['https://u:p@h', /write https:\/\/h$/], ['https://b\u00fccher.example', /write https:\/\/xn--bcher-kva\.example$/], ['https://a,https://a', /duplicate/],
  ] as const) {
    t.throws(() => loadConfig({ CORS_ORIGINS: value }), { name: 'ConfigError', message: new RegExp(`^CORS_ORIGINS [^\\n]*${message.source}`) }, value)
  }
})

t.test('a variable that has another name now is refused, not passed over', async t => {
  for (const name of ['ARCHIVE_TARGET', 'ARCHIVE_TARGET_FILE']) t.throws(() => loadConfig({ [name]: 'wordpress' }), { name: 'ConfigError', message: /SYNC_TARGET/ })
})

t.test('NAME_FILE', async t => {
  const file = join(t.testdir({ password: 'secret\n' }), 'password')
  t.equal(loadConfig({ REDIS_PASSWORD_FILE: file }).REDIS_PASSWORD, 'secret', 'without the line end')
  t.throws(() => loadConfig({ REDIS_PASSWORD_FILE: file, REDIS_PASSWORD: 'x' }), { message: /REDIS_PASSWORD.*both/ })
  t.throws(() => loadConfig({ REDIS_PASSWORD_FILE: `${file}.no` }), { message: /^REDIS_PASSWORD_FILE cannot be read/ })
})

t.test('NAME_FILE of one value: what stands in the file, without its line ends at the end', async t => {
  const file = join(t.testdir({ password: '' }), 'password')
  const read = (content: string) => {
    writeFileSync(file, content)
    return loadConfig({ REDIS_PASSWORD_FILE: file }).REDIS_PASSWORD
  }
  for (const [content, value] of [
    ['secret', 'secret'], ['secret\r\n', 'secret'], ['secret\r', 'secret'], ['secret\n\n', 'secret'], ['\u{feff}secret\n', 'secret'],
    [' a b \n', ' a b '], ['a,b\n', 'a,b'], ['a, b', 'a, b'], ['tab\t\n', 'tab\t'], ['\n', undefined], ['', undefined],
  ] as const) t.equal(read(content), value, JSON.stringify(content))
  for (const [content, lines] of [['one\ntwo\n', 2], ['one\r\ntwo', 2], ['one\rtwo', 2], ['\nsecret', 2], ['one,\ntwo', 2], ['one\n\ntwo\n\n', 3]] as const) {
    t.throws(() => read(content), { name: 'ConfigError', message: `REDIS_PASSWORD_FILE names a file of ${lines} lines: the value is one line, and would be another one with the lines joined` }, JSON.stringify(content))
  }
})

t.test('NAME_FILE of a list: a member or more on each line', async t => {
  const file = join(t.testdir({ list: '' }), 'list')
  const read = (content: string) => {
    writeFileSync(file, content)
    return loadConfig({ TICKET_STATUSES_FILE: file, TICKET_CLOSED_STATUSES: 'closed' }).TICKET_STATUSES
  }
  for (const content of ['In Progress\nclosed\n', '\u{feff}In Progress\r\nclosed\r\n', 'In Progress,\n\n  closed  \n', 'In Progress, closed', 'In Progress\rclosed']) {
    t.strictSame(read(content), ['In Progress', 'closed'], JSON.stringify(content))
  }
  t.throws(() => read('In Progress,,closed'), { message: /^TICKET_STATUSES has an empty entry/ })
})

t.test('MYSQL_PASSWORD stands beside MYSQL_URL, as it is', async t => {
  const MYSQL_URL = 'mysql://tickets@h/tickets'
  t.match(loadConfig({ MYSQL_URL, MYSQL_PASSWORD: 'a/b?c%#@ ' }), { MYSQL_URL, MYSQL_PASSWORD: 'a/b?c%#@ ' })
  t.throws(() => loadConfig({ MYSQL_URL: 'mysql://tickets:x@h/tickets', MYSQL_PASSWORD: 'y' }), { message: /^MYSQL_PASSWORD is set, and MYSQL_URL has a password, too/ })
})

t.test('the option ssl of MYSQL_URL is what the driver takes', async t => {
  for (const ssl of ['{}', '{"rejectUnauthorized":false}', 'Amazon RDS']) {
    const MYSQL_URL = `mysql://h/db?ssl=${encodeURIComponent(ssl)}`
    t.equal(loadConfig({ MYSQL_URL }).MYSQL_URL, MYSQL_URL)
  }
  for (const ssl of ['true', 'x', '[]', '{', 'null', '']) t.throws(() => loadConfig({ MYSQL_URL: `mysql://h/db?ssl=${ssl}` }), { message: /^MYSQL_URL has an option ssl that is neither/ }, ssl)
})

t.test('.env.example and the tables of the documentation are what the schemas say', async t => {
  t.equal(await readPage('.env.example'), envExample(), 'run npm run docs')
  for (const page of PAGES) {
    const text = await readPage(page.file)
    t.equal(text, withTable(text, page), 'run npm run docs')
  }
})
