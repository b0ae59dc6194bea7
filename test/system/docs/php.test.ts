import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { pathOf } from '../../../scripts/lib/binaries.mjs'
import { freePort } from '../../../scripts/lib/loopback.mjs'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { createStores, privateDirectory } from '../../helper.ts'
import { startServer } from '../../server-process.ts'
import { fencesOf, readPages } from './pages.ts'
import { ADDRESS } from './shell.ts'

const { key, entry } = createApiKey('shop', 'read+write+ops')

async function startService (t: Test, isPublic: boolean) {
  const { variables } = await createStores(t)
  return await startServer(t, { ...variables, MAX_EVENT_LOOP_DELAY_MS: 86_400_000, ...(!isPublic && { API_KEYS: entry }) }).url()
}

/** The blocks of a page, in their order, as one program: what has no opening tag goes on with what stands before it. */
const programOf = (text: string) => fencesOf(text).filter(({ language }) => language === 'php').map(fence => fence.text).join('\n')

/** Runs a program against the service at `url`; warnings of PHP are errors. */
async function runPhp (t: Test, program: string, url: string) {
  const file = join(privateDirectory(t), 'program.php')
  writeFileSync(file, program.replaceAll(ADDRESS, url))
  const child = spawn(pathOf('php'), ['-d', 'display_errors=stderr', '-d', 'error_reporting=-1', '-d', 'log_errors=0', file], {
    env: { ...process.env, TICKET_METADATA_URL: url, TICKET_METADATA_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [status]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'close') as Promise<[number | null]>])
  return { status, stdout, stderr }
}

/** What stands behind each `echo`. */
const expectedOf = (program: string) => [...program.matchAll(/^echo .*; \/\/ (.*)$/gm)].map(([, text]) => text).join('')

for (const { path, text } of readPages().filter(page => page.path !== 'wordpress/README.md')) {
  const program = programOf(text)
  if (program === '') continue

  t.test(path, async t => {
    t.match(program, /^<\?php\n/, 'begins as a program')
    const url = await startService(t, !program.includes('TICKET_METADATA_KEY'))
    const expected = expectedOf(program)
    t.not(expected, '', 'says what it prints')
    t.strictSame(await runPhp(t, program, url), { status: 0, stdout: expected, stderr: '' })
    for (const [, name = ''] of program.matchAll(/^function (\w+)\(/gm)) {
      t.ok(program.split(`${name}(`).length > 2, `${name} is called`)
    }
  })
}

/** The functions of docs/php.md alone, and what they answer. */
async function answers (t: Test, calls: string, url: string) {
  const functions = programOf(readPages().find(({ path }) => path === 'docs/php.md')!.text).split('\nmy_support_plugin_write_ticket_metadata(')[0]!
  const { status, stdout, stderr } = await runPhp(t, `${functions}\nini_set('error_log', '/dev/null');\necho json_encode([${calls}]);`, url)
  t.strictSame([status, stderr], [0, ''])
  return JSON.parse(stdout) as unknown[]
}

t.test('the functions of docs/php.md say what was refused, and what was not there', async t => {
  const url = await startService(t, false)
  t.strictSame(await answers(t, `
    my_support_plugin_write_ticket_metadata(1, ['customer_id' => 5, 'custom_fields' => ['vip' => true]]),
    my_support_plugin_write_ticket_metadata(1, ['customer_id' => 5]),
    my_support_plugin_write_ticket_metadata(2, ['customer_id' => '5']),
    my_support_plugin_write_ticket_metadata(4, ['customer_id' => 5, 'custom_fields' => []]),
    my_support_plugin_update_ticket_metadata_field(1, 'subject', 'Ünïcode'),
    my_support_plugin_update_ticket_metadata_field(1, 'custom_fields', ['vip' => null]),
    my_support_plugin_update_ticket_metadata_field(2, 'subject', null),
    array_column(my_support_plugin_write_many([['op' => 'create', 'ticket_id' => 1, 'customer_id' => 1], ['op' => 'create', 'ticket_id' => 3, 'customer_id' => 1]]), 'status'),
    my_support_plugin_get_ticket_metadata(1)['subject'],
    my_support_plugin_get_ticket_metadata(2),
    my_support_plugin_sync_ticket_metadata(1),
    my_support_plugin_sync_ticket_metadata(2),
    my_support_plugin_get_ticket_metadata(1)['synced_version'] === my_support_plugin_get_ticket_metadata(1)['version'],
  `, url), [true, false, false, true, true, true, false, [409, 201], 'Ünïcode', false, true, false, true])
})

t.test('the functions of docs/php.md come back when the service is not there', async t => {
  t.strictSame(await answers(t, `
    my_support_plugin_write_ticket_metadata(1, ['customer_id' => 5]),
    my_support_plugin_update_ticket_metadata_field(1, 'subject', 'x'),
    my_support_plugin_write_many([['op' => 'create', 'ticket_id' => 1, 'customer_id' => 1]]),
    my_support_plugin_get_ticket_metadata(1),
    my_support_plugin_sync_ticket_metadata(1),
  `, `http://127.0.0.1:${await freePort()}`), [false, false, [], false, false])
})
