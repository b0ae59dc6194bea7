import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { createApiKey, createKeyring } from '../../src/auth/api-keys.ts'
import { ConfigError, loadConfig } from '../../src/config.ts'

const shop = createApiKey('shop', 'read+write')
const next = createApiKey('shop', 'read')
const team = createApiKey('team', 'ops')

t.test('a key is found by itself and by nothing else', async t => {
  const find = createKeyring([shop.entry, next.entry, team.entry])
  t.match(find(shop.key), { name: 'shop', scopes: new Set(['read', 'write']) })
  t.match(find(next.key), { name: 'shop', scopes: new Set(['read']) }, 'two keys of one name are both valid')
  t.match(find(team.key), { name: 'team', scopes: new Set(['ops']) })
  for (const other of ['', shop.key.slice(1), `${shop.key}x`, shop.key.toUpperCase(), shop.entry, shop.entry.split(':')[2]!, createApiKey('shop', 'read').key]) {
    t.equal(find(other), undefined)
  }
})

t.test('the configuration holds a hash, and keys are long', async t => {
  t.equal(shop.entry, `shop:read+write:${createHash('sha256').update(shop.key).digest('hex')}`)
  t.match(shop.key, /^tms_[A-Za-z0-9_-]{43}$/)
  t.not(shop.key, next.key)
})

t.test('an entry that does not do is named by its place and not by its text', async t => {
  const hash = shop.entry.split(':')[2]!
  for (const [entry, expected] of [
    [shop.key, /^API_KEYS entry 2 must be name:scopes:sha256-hex/],
    [`shop:read:${shop.key}`, /^API_KEYS entry 2 must be/],
    [`shop:read:${hash.toUpperCase()}`, /^API_KEYS entry 2 must be/],
    [`shop::${hash}`, /^API_KEYS entry 2 must be/],
    [`a shop:read:${hash}`, /^API_KEYS entry 2 must be/],
    [`shop:read+admin:${hash}`, /^API_KEYS entry 2 names a scope that does not exist. There are read, write, erase, ops/],
    [`shop:read+:${hash}`, /^API_KEYS entry 2 names a scope that does not exist/],
    [team.entry.replace('team', 'other'), /^API_KEYS entry 2 has the same key as entry 1/],
  ] as const) {
    const error = t.throws(() => createKeyring(loadConfig({ API_KEYS: `${team.entry},${entry}` }).API_KEYS), ConfigError) as unknown as Error
    t.match(error.message, expected)
    t.notOk(error.message.includes(shop.key) || error.message.includes(hash), 'it is not repeated')
    t.notMatch(error.message, /\n/)
  }
  await t.rejects(buildApp(loadConfig({ API_KEYS: shop.key })), ConfigError, 'the service is not built')
  t.throws(() => createApiKey('shop', 'reed'), { message: /a scope that does not exist/ })
  t.throws(() => createApiKey('a shop', 'read'))
})

t.test('without keys only loopback is listened on', async t => {
  for (const HOST of ['0.0.0.0', '::', '192.0.2.1', 'tickets.example']) {
    t.throws(() => loadConfig({ HOST }), { message: /^HOST is .* API_KEYS is empty: make a key with npm run key/ })
    t.equal(loadConfig({ HOST, API_KEYS: shop.entry }).HOST, HOST)
  }
  for (const HOST of ['127.0.0.1', '127.0.0.2', '::1', 'localhost']) t.equal(loadConfig({ HOST }).HOST, HOST)
})

t.test('only proxies that are named by address or network are believed', async t => {
  t.strictSame(loadConfig({ API_KEYS: shop.entry, TRUST_PROXY: '10.0.0.0/8, 192.0.2.1,fd00::/8,::1' }).TRUST_PROXY, ['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '::1'])
  for (const TRUST_PROXY of ['true', '1', 'loopback', '*', '10.0.0.0/33', '10.0.0.0/0', '0.0.0.0/0', '::/0', '::/129', '10.0.0/8', '10.0.0.0/8/8', 'proxy.example']) {
    t.throws(() => loadConfig({ TRUST_PROXY }), { message: /^TRUST_PROXY names / }, TRUST_PROXY)
  }
})

t.test('npm run key prints a key, and an entry that lets it in', async t => {
  const run = (...args: string[]) => spawnSync(process.execPath, ['src/key.ts', ...args], { cwd: new URL('../..', import.meta.url), encoding: 'utf8' })
  const { stdout, status } = run('shop', 'read+ops')
  t.equal(status, 0)
  const key = /^ {2}(tms_\S+)$/m.exec(stdout)![1]!
  const entry = /^ {2}(shop:\S+)$/m.exec(stdout)![1]!
  t.match(createKeyring(loadConfig({ API_KEYS: entry }).API_KEYS)(key), { name: 'shop', scopes: new Set(['read', 'ops']) })
  for (const args of [[], ['shop'], ['shop', 'reed'], ['a shop', 'read'], ['shop', 'read', 'write']]) {
    const { status, stderr, stdout } = run(...args)
    t.match({ status, stdout, stderr }, { status: 1, stdout: '', stderr: /Usage|scope|name/ }, args.join(' '))
  }
})

t.test('a file of keys may have a line for each', async t => {
  const file = `${t.testdir({ keys: `${shop.entry}\n${team.entry},\n${next.entry}\n` })}/keys`
  t.strictSame(loadConfig({ API_KEYS_FILE: file }).API_KEYS, [shop.entry, team.entry, next.entry])
})
