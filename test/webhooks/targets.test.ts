import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { loadConfig } from '../../src/config.ts'
import { createTargets, shownUrl } from '../../src/webhooks/targets.ts'
import { newSecret, webhooks, type TargetEntry } from './receiver.ts'

const valid = { name: 'crm', url: 'https://crm.example/hook', secrets: [newSecret()] }

t.test('targets', async t => {
  const secrets = [newSecret(), newSecret()]
  const [crm, search] = createTargets(JSON.stringify([{ ...valid, secrets }, { name: 'search-2', url: 'http://10.0.0.7:8080/', secrets: secrets.slice(1), events: ['ticket.deleted'], allow_private: true }]))
  t.match(crm, { name: 'crm', events: new Set(['ticket.changed', 'ticket.deleted']), allowPrivate: false, keys: { length: 2 } })
  t.match(search, { name: 'search-2', events: new Set(['ticket.deleted']), allowPrivate: true })
  t.strictSame(crm!.keys[0], Buffer.from(secrets[0]!.slice(6), 'base64'))
  t.strictSame(createTargets(undefined), [])
  t.strictSame(createTargets('[]'), [])
  t.equal(shownUrl(createTargets(JSON.stringify([{ ...valid, url: 'https://user:pass@crm.example:8443/a/b?token=x' }]))[0]!), 'https://crm.example:8443/a/b')
  for (const bytes of [24, 25, 26, 64]) {
    const text = randomBytes(bytes).toString('base64')
    for (const secret of [text, text.replace(/=+$/, '')]) t.equal(createTargets(JSON.stringify([{ ...valid, secrets: [`whsec_${secret}`] }]))[0]!.keys[0]!.length, bytes)
  }
})

t.test('the fingerprint changes with what is sent, where to, and how it is signed', async t => {
  const fingerprintOf = (entry: TargetEntry) => createTargets(JSON.stringify([{ ...valid, ...entry }]))[0]!.fingerprint
  const all = [{}, { url: 'https://crm.example/other' }, { secrets: [newSecret()] }, { events: ['ticket.changed'] }, { allow_private: true }].map(fingerprintOf)
  t.equal(new Set(all).size, all.length)
  t.equal(fingerprintOf({}), all[0])
})

t.test('a target that will not do is named with the rule, and nothing of its url or secrets', async t => {
  const canary = 'canaryZq7xW2'
  const long = 'x'.repeat(2050)
  for (const [entry, rule] of [
    [{ url: `http://${canary}.example` }, /target crm: its url must begin with https/],
    [{ url: `ftp://${canary}.example` }, /target crm: its url must be one of https/],
    [{ url: canary }, /target crm: its url/],
    [{ url: `https://u:${canary}%zz@crm.example` }, /target crm: its url has a user or a password whose special characters/],
    [{ url: `https://crm.example/#${canary}` }, /has a #/],
    [{ url: `https://127.0.0.1/${canary}` }, /address of this machine or of a private network/],
    [{ url: `https://[::ffff:10.0.0.1]/${canary}` }, /private network/],
    [{ url: `https://0x7f.1/${canary}` }, /private network/],
    [{ url: `http://1.1.1.1/${canary}`, allow_private: true }, /public address: it must begin with https/],
    [{ url: long + canary }, /must have a url/],
    [{ url: 5 }, /must have a url/],
    [{ url: undefined }, /must have a url/],
    [{ secrets: [] }, /must have secrets/],
    [{ secrets: `whsec_${canary}` }, /must have secrets/],
    [{ secrets: [newSecret(), newSecret(), newSecret()] }, /must have secrets/],
    [{ secrets: [valid.secrets[0], valid.secrets[0]] }, /must have secrets/],
    [{ secrets: [`whsec_${canary}`] }, /target crm: secret 1 must be whsec_/],
    [{ secrets: [newSecret(), `${newSecret()}!${canary}`] }, /target crm: secret 2 must be/],
    [{ secrets: [`whsec_${randomBytes(23).toString('base64')}`] }, /secret 1 must/],
    [{ secrets: [`whsec_${randomBytes(65).toString('base64')}`] }, /secret 1 must/],
    [{ secrets: [newSecret().slice(6)] }, /secret 1 must/],
    [{ events: [] }, /must have events/],
    [{ events: [canary] }, /must have events/],
    [{ allow_private: 'yes' }, /must have an allow_private/],
    [{ [canary]: 1 }, /target crm must have name, url, secrets, events, allow_private and nothing else/],
    [{ name: 'CRM' }, /target number 1 must have a name/],
    [{ name: newSecret() }, /target number 1 must have a name/],
    [{ name: undefined }, /target number 1 must have a name/],
  ] as [TargetEntry, RegExp][]) {
    const name = inspect(entry).slice(0, 60)
    let error: unknown
    try {
      createTargets(JSON.stringify([{ ...valid, ...entry }]))
    } catch (thrown) {
      error = thrown
    }
    t.match(error, { name: 'ConfigError', message: rule }, name)
    t.notMatch(inspect(error, { depth: Infinity, showHidden: true }), /canary|whsec_[A-Za-z0-9]/, name)
  }
  for (const [text, rule] of [
    ['{}', /must be a list/], ['null', /must be a list/], ['"x"', /must be a list/], ['[null]', /target number 1/], ['[1]', /target number 1/],
    [JSON.stringify([valid, { ...valid, url: 'https://b.example' }]), /target crm is there twice/],
    [JSON.stringify(Array.from({ length: 33 }, (_, i) => ({ ...valid, name: `t${i}` }))), /32 at most/],
  ] as const) t.throws(() => createTargets(text), { name: 'ConfigError', message: rule }, text.slice(0, 40))
})

t.test('they come from a file of any number of lines, and need the change log', async t => {
  const file = join(t.testdir(), 'webhooks.json')
  writeFileSync(file, `\ufeff${JSON.stringify([valid], null, 2)}\r\n`)
  const config = loadConfig({ WEBHOOKS_FILE: file })
  t.match(createTargets(config.WEBHOOKS), [{ name: 'crm' }])
  t.throws(() => loadConfig({ WEBHOOKS_FILE: file, WEBHOOKS: '[]' }), { name: 'ConfigError', message: /^WEBHOOKS and WEBHOOKS_FILE are both set/ })
  t.throws(() => loadConfig({ WEBHOOKS: webhooks({ url: valid.url }), CHANGES_RETENTION_SECONDS: '0' }), { name: 'ConfigError', message: /^WEBHOOKS is set and CHANGES_RETENTION_SECONDS is 0/ })
  t.throws(() => loadConfig({ WEBHOOK_RETRY_SECONDS: '5,x' }), { message: /^WEBHOOK_RETRY_SECONDS / })
  t.strictSame(loadConfig({}).WEBHOOK_RETRY_SECONDS.reduce((sum, pause) => sum + pause, 0) > 86_400, true, 'attempts go on for more than a day')
})
