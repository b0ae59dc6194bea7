import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { createKeyring } from '../../src/auth/api-keys.ts'
import { Environment, loadConfig, type Config } from '../../src/config.ts'
import { createSite } from '../../src/database/wordpress/site.ts'
import { outcomeUnknown } from '../../src/errors.ts'
import { createTargets } from '../../src/webhooks/targets.ts'
import { toFlushFailure } from '../../src/sync/flush-failure.ts'

/** Looks like a password, and stands nowhere else. It is part of a URL as it is. */
const CANARY = 'canary-Zq7xW2'

/**
 * Lists of names, which are no secrets: a message names the one that does not do. A variable that is not here repeats nothing, so a
 * new one is checked before anybody thinks of it.
 */
const REPEATED = ['TICKET_STATUSES', 'TICKET_CLOSED_STATUSES', 'TRUST_PROXY', 'WORDPRESS_STATUS_MAP', 'WORDPRESS_META_KEYS']

const NAMES = Object.keys(Environment.properties) as (keyof Config)[]

/** What people put where it does not belong, or spell wrong. */
const FORMS = [
  CANARY,
  `${CANARY},${CANARY}`,
  `redis://user:${CANARY}@host:0/0`,
  `redis://user:${CANARY}%zz@host/0`,
  `redis://user:${CANARY}#@host/0`,
  `redis://host/${CANARY}`,
  `redis://host/0?password=${CANARY}`,
  `rediss://:${CANARY}@[::1/0`,
  `redis://user:${CANARY}@host:6379,host:6380`,
  `mysql://user:${CANARY}@host:0/tickets`,
  `mysql://user:${CANARY}/x@host/tickets`,
  `mysql://user:${CANARY}\nx@host/tickets`,
  `mysql://user:x@host/tickets?${CANARY}=1`,
  `mysql://user:x@host/tickets?ssl=${CANARY}`,
  `mysql://user:x@host/tickets?ssl={"passphrase":"${CANARY}"`,
  `mysql://user:x@host/tickets/${CANARY}`,
  `https://user:${CANARY}@host/path`,
  `https://user:${CANARY}@host:99999`,
  `user:${CANARY}@host:26379`,
  `${CANARY}@host:26379`,
  `${CANARY}@host:0`,
  `shop:read+${CANARY}:${'0'.repeat(64)}`,
  `shop:read:${CANARY}`,
  `tms_${CANARY}`,
  `whsec_${CANARY}`,
  `[{"name":"crm","url":"https://${CANARY}","secrets":["whsec_${CANARY}"]}]`,
  `[{"name":"crm","url":"http://u:${CANARY}@host","secrets":["${CANARY}"],"${CANARY}":1}]`,
  `${'x'.repeat(300)}${CANARY}`,
  `\u{feff}${CANARY}\u{feff}`,
]

/** All that reads a configuration before anything connects. */
function read (variables: Record<string, string>) {
  const config = loadConfig(variables)
  createKeyring(config.API_KEYS)
  createSite(config)
  createTargets(config.WEBHOOKS)
}

/** How often a variable was refused, and where a part of its value stood in the error, its causes or its stack. */
function createTally () {
  const leaks: string[] = []
  let refused = 0
  return {
    leaks,
    refused: () => refused,
    /** @param told what it is, for whoever reads that it failed */
    try (variables: Record<string, string>, told: string): boolean {
      try {
        read(variables)
        return false
      } catch (error) {
        refused += 1
        const { name, message } = error as Error
        if (name !== 'ConfigError' || /[\r\n]/.test(message)) leaks.push(`${told}: not one line of a ConfigError: ${name} ${message}`)
        if (/canary/i.test(inspect(error, { depth: Infinity, showHidden: true }))) leaks.push(`${told}: ${message}`)
        return true
      }
    },
  }
}

t.test('an error of the configuration repeats no value that may be a secret, whatever the variable', async t => {
  const directory = t.testdir()
  for (const name of NAMES) {
    const tally = createTally()
    const file = join(directory, name)
    const inFile = (content: string | Buffer, told: string, more: Record<string, string> = {}) => {
      writeFileSync(file, content)
      return tally.try({ ...more, [`${name}_FILE`]: file }, told)
    }
    for (const form of REPEATED.includes(name) ? [] : FORMS) {
      tally.try({ [name]: form }, form)
      inFile(form, `a file with ${form}`)
      inFile(`first\n${form}\n`, `a file with another line and ${form}`)
      t.ok(inFile(form, `both ways, with ${form}`, { [name]: form }), `${name} is given once`)
    }
    t.ok(inFile(Buffer.from(`${CANARY}\n`, 'utf16le'), 'a file in UTF-16'), `${name} is not UTF-16`)
    t.ok(inFile(Buffer.from(`\xff${CANARY}`, 'latin1'), 'a file in Latin-1'), `${name} is UTF-8`)
    // Who takes NAME_FILE for NAME puts the value there.
    t.ok(tally.try({ [`${name}_FILE`]: CANARY }, 'a path that is no path'), `${name}_FILE must be there`)
    t.ok(tally.try({ [`${name}_FILE`]: directory }, 'a path of a directory'), `${name}_FILE must be a file`)
    const isList = (Environment.properties[name] as { type?: string }).type === 'array'
    if (!isList) t.ok(inFile(`${CANARY}\n${CANARY}\n`, 'a file of two lines'), `${name} has one line`)
    t.strictSame(tally.leaks, [], name)
  }
})

t.test('words of Redis that repeat a command are kept without it', async t => {
  const error = outcomeUnknown(new Error(`ERR unknown command 'evalsha', with args beginning with: '${CANARY}' '"subject"' `))
  t.match(toFlushFailure(error), { store: 'redis', message: "ERR unknown command 'evalsha', with args beginning with: ..." })
})
