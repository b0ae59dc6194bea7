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

t.test('a variable that has another name now is refused, not passed over', async t => {
  for (const name of ['ARCHIVE_TARGET', 'ARCHIVE_TARGET_FILE']) t.throws(() => loadConfig({ [name]: 'wordpress' }), { name: 'ConfigError', message: /SYNC_TARGET/ })
})

t.test('NAME_FILE', async t => {
  const file = join(t.testdir({ password: 'secret\n' }), 'password')
  t.equal(loadConfig({ REDIS_PASSWORD_FILE: file }).REDIS_PASSWORD, 'secret', 'without the line end')
  t.throws(() => loadConfig({ REDIS_PASSWORD_FILE: file, REDIS_PASSWORD: 'x' }), { message: /REDIS_PASSWORD.*both/ })
  t.throws(() => loadConfig({ REDIS_PASSWORD_FILE: `${file}.no` }), { message: /^REDIS_PASSWORD_FILE cannot be read/ })
})

t.test('.env.example and the tables of the documentation are what the schemas say', async t => {
  t.equal(await readPage('.env.example'), envExample(), 'run npm run docs')
  for (const page of PAGES) {
    const text = await readPage(page.file)
    t.equal(text, withTable(text, page), 'run npm run docs')
  }
})
