import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createTargets } from '../../../src/webhooks/targets.ts'
import { privateDirectory } from '../../helper.ts'
import { fencesOf, readPages } from './pages.ts'

// test/system/docs/php.test.ts runs the PHP of the page, and commands.test.ts its commands.
for (const { path, text } of readPages()) {
  for (const { language, text: program, line } of fencesOf(text)) {
    if (language !== 'js') continue
    t.test(`${path}:${line} prints what it says`, async t => {
      const file = join(privateDirectory(t), 'program.mjs')
      writeFileSync(file, program)
      const expected = [...program.matchAll(/^console\.log\(.*\) \/\/ (.*)$/gm)].map(([, each]) => `${each}\n`)
      t.ok(expected.length > 0)
      const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
      t.strictSame({ status, stdout, stderr }, { status: 0, stdout: expected.join(''), stderr: '' })
    })
  }
}

t.test('the file of targets in docs/webhooks.md is one', async t => {
  const { text } = readPages().find(({ path }) => path === 'docs/webhooks.md')!
  const file = fencesOf(text).find(fence => fence.text.startsWith('['))
  t.match(createTargets(file?.text), [{ name: 'crm' }, { name: 'search' }])
})
