import dns, { type LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { connect } from 'node:net'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { boundLookups, createLookup } from '../../src/util/lookup.ts'

const ADDRESS: LookupAddress = { address: '192.0.2.1', family: 4 }

const TIMEOUT_MS = 1500

/** A resolver that answers when the test says so, and whose time passes when the test says so. */
function createResolver (t: Test) {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const asked: { hostname: string, answer: (error?: Error) => void }[] = []
  const { lookup, running } = createLookup({
    ask: (hostname, _options, callback) => {
      asked.push({ hostname, answer: error => { callback(error ?? null, error ? [] : [ADDRESS]) } })
    },
    timeoutMs: TIMEOUT_MS,
    runningMax: 2,
  })
  const resolve = (hostname: string) => new Promise<LookupAddress[]>((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      if (error) reject(error)
      else resolve(addresses as LookupAddress[])
    })
  })
  /** Asks for names, of which none is answered in time. */
  const refuse = async (t: Test, names: string[]) => {
    const refused = Promise.all(names.map(name => t.rejects(resolve(name), { code: 'EAI_AGAIN', message: new RegExp(`${name}.*no answer within`) })))
    mock.timers.tick(TIMEOUT_MS)
    await refused
  }
  return { asked, names: () => asked.map(({ hostname }) => hostname), resolve, refuse, lookup, running }
}

t.test('callers who ask for the same name share one question', async t => {
  const { asked, names, resolve, running } = createResolver(t)
  const answers = Array.from({ length: 20 }, () => resolve('db'))
  t.strictSame(names(), ['db'])
  t.equal(running(), 1)
  asked[0]!.answer()
  t.strictSame(await Promise.all(answers), answers.map(() => [ADDRESS]))
  t.equal(running(), 0)
  const later = resolve('db')
  t.strictSame(names(), ['db', 'db'], 'who asks later asks anew')
  asked[1]!.answer()
  await later
})

t.test('an answer has the form that was asked for, and an error is that of the resolver', async t => {
  const { asked, lookup, resolve } = createResolver(t)
  const one = new Promise(resolve => { lookup('db', {}, (...answer) => { resolve(answer) }) })
  asked[0]!.answer()
  t.strictSame(await one, [null, ADDRESS.address, ADDRESS.family])
  const failing = resolve('none')
  asked[1]!.answer(Object.assign(new Error('none'), { code: 'ENOTFOUND' }))
  await t.rejects(failing, { code: 'ENOTFOUND' })
})

t.test('a name that is not answered: every caller is told in time, and no second question is asked', async t => {
  const { names, refuse, running, asked } = createResolver(t)
  for (let i = 0; i < 5; i += 1) await refuse(t, ['db'])
  t.strictSame(names(), ['db'])
  t.equal(running(), 1)
  asked[0]!.answer()
  t.equal(running(), 0)
})

t.test('names that are known to be slow leave a thread for the others', async t => {
  const { asked, names, resolve, refuse } = createResolver(t)
  const slow = ['slow-1', 'slow-2']
  await refuse(t, slow)
  t.strictSame(names(), slow, 'nothing was known of them')
  asked[0]!.answer()
  await refuse(t, ['slow-1'])
  t.strictSame(names(), slow, 'the other one is still being asked for')
  const quick = resolve('quick')
  t.strictSame(names(), [...slow, 'quick'])
  asked[2]!.answer()
  t.strictSame(await quick, [ADDRESS])
  mock.timers.tick(TIMEOUT_MS)
  const later = resolve('quick')
  t.strictSame(names(), [...slow, 'quick', 'quick'], 'it was answered in time')
  asked[3]!.answer()
  t.strictSame(await later, [ADDRESS])
  asked[1]!.answer()
  const again = resolve('slow-1')
  t.strictSame(names(), [...slow, 'quick', 'quick', 'slow-1'])
  asked[4]!.answer()
  t.strictSame(await again, [ADDRESS])
})

t.test('a question that nobody waits for any more is not asked', async t => {
  const { asked, names, refuse } = createResolver(t)
  await refuse(t, ['a', 'b', 'c'])
  t.strictSame(names(), ['a', 'b'])
  for (const { answer } of asked.slice()) answer()
  t.strictSame(names(), ['a', 'b'])
})

t.test('every socket of the process has its look-ups bounded, an address needs none', async t => {
  boundLookups()
  boundLookups()
  t.match(await new Promise(resolve => { dns.lookup('127.0.0.1', { all: true }, (...answer) => { resolve(answer) }) }), [null, [{ address: '127.0.0.1' }]])
  t.match(await new Promise(resolve => { dns.lookup('localhost', (...answer) => { resolve(answer) }) }), [null, String, Number], 'as others call it')
  const lookup = dns.lookup
  const asked: string[] = []
  t.teardown(() => { dns.lookup = lookup })
  dns.lookup = ((hostname: string, ...others: unknown[]) => {
    asked.push(hostname);
    (lookup as (...args: unknown[]) => void)(hostname, ...others)
  }) as typeof dns.lookup
  const socket = connect(1, 'localhost')
  await once(socket, 'error')
  t.strictSame(asked, ['localhost'], 'a socket asks what stands in dns.lookup at that time')
})
