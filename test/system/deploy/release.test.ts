import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { privateDirectory } from '../../helper.ts'

interface Step { id?: string, name?: string, uses?: string, run?: string, env?: Record<string, string> }
interface Job { permissions?: Record<string, string>, needs?: string, outputs?: Record<string, string>, steps: Step[] }
interface Workflow {
  on: { push: { tags: string[] } }
  permissions: Record<string, string>
  defaults: { run: { shell: string } }
  jobs: { check: Job, publish: Job }
}

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const { on, permissions, defaults, jobs } = parse(read('.github/workflows/release.yml')) as Workflow
const { version, scripts } = JSON.parse(read('package.json')) as { version: string, scripts: Record<string, string> }
const steps = [...jobs.check.steps, ...jobs.publish.steps]
const commands = steps.flatMap(({ run }) => run ?? [])

t.test('runs on a tag, and may write only where it publishes', async t => {
  t.strictSame(on, { push: { tags: ['v*'] } })
  t.strictSame(permissions, { contents: 'read' })
  t.equal(jobs.check.permissions, undefined)
  t.strictSame(jobs.publish.permissions, { contents: 'write', packages: 'write' })
  t.equal(jobs.publish.needs, 'check')
})

t.test('uses the actions that CI uses, by their commits', async t => {
  const ci = read('.github/workflows/ci.yml')
  const uses = steps.flatMap(({ uses }) => uses ?? [])
  t.ok(uses.length > 0)
  for (const each of uses) {
    t.match(each, /@[0-9a-f]{40}$/)
    t.ok(ci.includes(`uses: ${each} #`), each)
  }
})

t.test('runs what there is', async t => {
  for (const command of commands) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: command, encoding: 'utf8' })
    t.equal(status, 0, `a script of bash: ${stderr}`)
    // What GitHub would put in there could be a command.
    t.notMatch(command, /\$\{\{/, 'values come by the environment')
  }
  const text = commands.join('\n')
  const names = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name!)
  t.ok(names.includes('plugin:zip'))
  for (const name of names) t.ok(scripts[name], `npm run ${name} is a script of package.json`)
  t.ok(commands.includes('.ci/run'))
  t.doesNotThrow(() => accessSync(join(ROOT, '.ci/run'), constants.X_OK))
  t.match(text, /^docker build (?:.*\\\n)+.* \.$/m)
  t.ok(existsSync(join(ROOT, 'Dockerfile')))
})

/** Runs the step that looks at the tag, in a project with a changelog. */
function checkTag (t: Test, tag: string, changelog: string) {
  const directory = privateDirectory(t)
  const output = join(directory, 'output')
  writeFileSync(output, '')
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ version: '1.2.0' }))
  writeFileSync(join(directory, 'CHANGELOG.md'), changelog)
  const { run } = jobs.check.steps.find(({ id }) => id === 'changelog')!
  // As GitHub runs it with this shell.
  t.equal(defaults.run.shell, 'bash')
  const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run!], {
    cwd: directory,
    env: { ...process.env, GITHUB_REF_NAME: tag, GITHUB_SHA: 'abc', GITHUB_OUTPUT: output },
    encoding: 'utf8',
  })
  return { status, stdout, output: readFileSync(output, 'utf8') }
}

const CHANGELOG = '# Changelog\n\n## [Unreleased]\n\n- Later.\n\n## [1.2.0] - 2026-11-29\n\n### Added\n\n- `this` and $that\n\n## [1.2.0-rc.1]\n\n- Before.\n'

t.test('takes the section of the version as notes', async t => {
  t.strictSame(checkTag(t, 'v1.2.0', CHANGELOG), { status: 0, stdout: '', output: 'notes<<END-abc\n\n### Added\n\n- `this` and $that\nEND-abc\n' })
})

t.test('refuses another tag, and a version of which the changelog says nothing', async t => {
  const refusals: [string, string, RegExp][] = [
    ['v1.3.0', CHANGELOG, /v1\.3\.0 is not the version/],
    ['1.2.0', CHANGELOG, /is not the version/],
    ['v1.2.0', CHANGELOG.replace('## [1.2.0] ', '## [1.2.1] '), /says nothing/],
    ['v1.2.0', '## [1.2.0]\n\n## [1.1.0]\n\n- Before.\n', /says nothing/],
    ['v1.2.0', '## [1X2.0]\n\n- Another.\n', /says nothing/],
  ]
  for (const [tag, changelog, reason] of refusals) {
    const { status, stdout, output } = checkTag(t, tag, changelog)
    t.strictSame([status, output], [1, ''])
    t.match(stdout, reason)
  }
})

t.test('the plugin is of the same version, and its zip the same wherever it is made', async t => {
  const directory = privateDirectory(t)
  const [one, other] = ['UTC', 'Asia/Tokyo'].map(zone => {
    const place = mkdtempSync(join(directory, 'zip-'))
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/plugin-zip.mjs'), place], { env: { ...process.env, TZ: zone }, encoding: 'utf8' })
    t.equal(status, 0, stderr)
    t.strictSame(readdirSync(place), [`ticket-metadata-${version}.zip`])
    return readFileSync(join(place, `ticket-metadata-${version}.zip`))
  })
  t.ok(one!.equals(other!))
})
