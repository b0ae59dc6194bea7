import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ROOT } from '../../scripts/lib/project.mjs'
import { findTapFailures } from '../../scripts/lib/tap-failures.mjs'
import { privateDirectory } from '../helper.ts'

const TAP = `
> service@1.0.0 test
TAP version 14
1..3
# Subtest: test/a.test.ts
    # Subtest: outer
        # Subtest: inner, number \\#1
            ok 1 - should be equal
            not ok 2 - two is \\# one
              ---
              compare: ===
              diff: |
                --- expected
                +++ actual
                -2
                +1
              ...
            
            1..2
        not ok 1 - inner, number \\#1 # time=5ms
          ---
          at:
            fileName: test/a.test.ts
          ...
        
        not ok 2 - known # TODO later
          ---
          compare: ===
          ...
        
        not ok 3 - thrown
        1..3
    not ok 1 - outer # time=7.5ms
      ---
      at:
        fileName: test/a.test.ts
      ...
    
    # Subtest: fine
        1..0 # SKIP nothing here
    ok 2 - fine # SKIP nothing here
    1..2
not ok 1 - test/a.test.ts # time=10ms
  ---
  exitCode: 1
  ...

# Subtest: test/b.test.ts
    ok 1 - should be equal
    1..1
not ok 2 - test/b.test.ts # time=10ms
  ---
  exitCode: null
  signal: SIGKILL
  ...

ok 3 - test/c.test.ts # time=10ms
# { total: 5, pass: 2, fail: 3, todo: 1 }
`

t.test('finds each failed assertion once, with the tests around it', async t => {
  t.strictSame(findTapFailures(TAP), [
    {
      path: ['test/a.test.ts', 'outer', 'inner, number #1', 'two is # one'],
      diagnostic: ['compare: ===', 'diff: |', '  --- expected', '  +++ actual', '  -2', '  +1'],
    },
    { path: ['test/a.test.ts', 'outer', 'thrown'], diagnostic: [] },
    { path: ['test/b.test.ts'], diagnostic: ['exitCode: null', 'signal: SIGKILL'] },
  ])
  t.strictSame(findTapFailures('TAP version 14\nok 1 - fine\nBail out! no more'), [{ path: ['Bail out! no more'], diagnostic: [] }])
  t.strictSame(findTapFailures('not ok 1 - cut off\n  ---\n  compare: ==='), [{ path: ['cut off'], diagnostic: ['compare: ==='] }])
  t.strictSame(findTapFailures('ok 1 - fine\nnothing is ok'), [])
})

/** What .ci/run prints last, in a project whose npm scripts print and answer as given; the others succeed. */
function runCi (t: Test, scripts: Record<string, { output: string, status: number }>) {
  const directory = privateDirectory(t)
  for (const name of ['.ci', 'bin', 'outputs']) mkdirSync(join(directory, name))
  cpSync(join(ROOT, '.ci/run'), join(directory, '.ci/run'))
  symlinkSync(join(ROOT, 'scripts'), join(directory, 'scripts'))
  for (const [name, { output, status }] of Object.entries(scripts)) {
    writeFileSync(join(directory, 'outputs', name), output)
    writeFileSync(join(directory, 'outputs', `${name}.status`), String(status))
  }
  const npm = join(directory, 'bin/npm')
  writeFileSync(npm, `#!/bin/sh
    [ "$1" = run ] && shift
    cat "outputs/$1" 2>&- || echo '# { total: 1, pass: 1 }'
    exit "$(cat "outputs/$1.status" 2>&- || echo 0)"
  `)
  chmodSync(npm, 0o755)
  const { status, stdout } = spawnSync('bash', [join(directory, '.ci/run')], {
    env: { ...process.env, PATH: `${join(directory, 'bin')}:${process.env.PATH}` },
    encoding: 'utf8',
  })
  const lines = stdout.trimEnd().split('\n')
  return { status, lines, end: lines.slice(lines.findIndex(line => line.startsWith('== What failed'))) }
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}`)

t.test('CI tells at its end what failed', async t => {
  const { status, end } = runCi(t, {
    test: { output: TAP, status: 1 },
    'test:wordpress': { output: numbered(100).join('\n'), status: 1 },
  })
  t.equal(status, 1)
  t.strictSame(end, [
    '== What failed in npm test',
    'not ok: test/a.test.ts > outer > inner, number #1 > two is # one',
    ...['compare: ===', 'diff: |', '  --- expected', '  +++ actual', '  -2', '  +1'].map(line => `  ${line}`),
    'not ok: test/a.test.ts > outer > thrown',
    'not ok: test/b.test.ts',
    '  exitCode: null',
    '  signal: SIGKILL',
    '',
    '== What failed in npm run test:wordpress',
    ...numbered(100).slice(-60),
    '',
    'Failed: npm test',
    'Failed: npm run test:wordpress',
    '3 passed, 3 failed',
  ])
})

t.test('CI tells a bounded part of many and of large failures, and the names of those that follow', async t => {
  const failure = (name: string) => [`not ok 1 - ${name}`, '  ---', ...numbered(50).map(line => `  ${line}`), `  ${'x'.repeat(2000)}`, '  ...']
  const names = Array.from({ length: 150 }, (_, i) => `failure ${i + 1}`)
  const { end } = runCi(t, { test: { output: names.flatMap(failure).join('\n'), status: 1 } })
  t.match(end.slice(1, 43), ['not ok: failure 1', ...numbered(40).map(line => `  ${line}`), '  … 11 lines more'])
  t.strictSame(end.filter(line => line.startsWith('not ok')), names.slice(0, 100).map(name => `not ok: ${name}`))
  t.equal(end.filter(line => line.startsWith('  line')).length, 300)
  t.ok(end.includes('… 50 failures more'))
  t.ok(runCi(t, { test: { output: 'x'.repeat(2000), status: 1 } }).end.every(line => line.length <= 501))
})

t.test('CI tells of no failure when there is none', async t => {
  const { status, lines } = runCi(t, {})
  t.equal(status, 0)
  t.notOk(lines.some(line => line.startsWith('== What failed')))
  t.strictSame(lines.slice(-2), ['', '2 passed, 0 failed'])
})
