import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ROOT } from '../../../scripts/lib/project.mjs'

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** What names software of others, and the word that Dependabot has for it. Actions are looked for by it in one place for /. */
const MANIFESTS: [pattern: RegExp, ecosystem: string][] = [
  [/(^|\/)package\.json$/, 'npm'],
  [/(^|\/)composer\.json$/, 'composer'],
  [/(^|\/)([\w.-]+\.)?Dockerfile$/, 'docker'],
  [/(^|\/)(docker-)?compose(\.[\w-]+)?\.ya?ml$/, 'docker-compose'],
  [/^\.github\/workflows\/[\w-]+\.ya?ml$/, 'github-actions'],
  [/(^|\/)requirements[\w-]*\.txt$/, 'pip'],
  [/(^|\/)go\.mod$/, 'gomod'],
  [/(^|\/)Cargo\.toml$/, 'cargo'],
  [/(^|\/)Gemfile$/, 'bundler'],
]

interface Update { 'package-ecosystem': string, directory?: string, directories?: string[], schedule: { interval: string } }

interface Workflow { on: { schedule?: { cron: string }[] } & Record<string, unknown>, jobs: Record<string, { 'runs-on': string, steps: { run?: string, uses?: string }[] }> }

const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
const files = stdout.trim().split('\n')
const workflows = new Map(files.filter(file => file.startsWith('.github/workflows/')).map(file => [file, parse(read(file)) as Workflow]))

t.test('Dependabot watches every manifest', async t => {
  const { updates } = parse(read('.github/dependabot.yml')) as { updates: Update[] }
  const watched = updates.flatMap(({ 'package-ecosystem': ecosystem, directory, directories = [directory!] }) => directories.map(each => `${ecosystem} ${each}`))
  const wanted = new Set(files.flatMap(file => MANIFESTS.filter(([pattern]) => pattern.test(file)).map(([, ecosystem]) =>
    `${ecosystem} ${ecosystem === 'github-actions' ? '/' : join('/', dirname(file))}`)))
  t.ok(wanted.size >= 5, [...wanted].join())
  t.strictSame(watched.toSorted(), [...wanted].sort())
  for (const { schedule: { interval } } of updates) t.match(interval, /^(daily|weekly)$/)
})

t.test('what production installs is held against the advisories each day, and on each change', async t => {
  const audits = [...workflows].filter(([, { jobs }]) => Object.values(jobs).some(({ steps }) => steps.some(({ run }) => run?.startsWith('npm audit --omit=dev'))))
  t.equal(audits.length, 1)
  const [file, { on }] = audits[0]!
  t.match(on.schedule?.[0]?.cron, /^\d+ \d+ \* \* \*$/, 'each day')
  t.ok('push' in on && 'pull_request' in on, 'and on each change')
  t.notMatch(read(file), /continue-on-error|\|\| true/, 'what it finds is seen')
  t.match(read('SECURITY.md'), `\`${file}\``)
})

t.test('what runs is known exactly: actions by commit, packages by the lock file', async t => {
  for (const [file, { jobs }] of workflows) {
    for (const { steps } of Object.values(jobs)) for (const { uses } of steps) if (uses !== undefined) t.match(uses, /^[\w./-]+@[0-9a-f]{40}$/, file)
    t.notMatch(read(file), /npm install\b/, `${file} installs what is locked`)
  }
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string, integrity?: string, link?: boolean }> }
  const without = Object.entries(packages).filter(([name, { integrity, link }]) => name !== '' && !link && !integrity).map(([name]) => name)
  t.strictSame(without, [], 'each package has a checksum')
})

t.test('SECURITY.md says how one reports, which versions are supported, how fast, and how the project learns of advisories', async t => {
  const text = read('SECURITY.md')
  for (const heading of ['Report a vulnerability', 'Supported versions', 'How the project learns of advisories']) t.match(text, `\n## ${heading}\n`)
  for (const words of ['private vulnerability reporting', 'within 7 days', 'critical or high', 'the latest release', 'Dependabot', 'npm audit --omit=dev']) t.match(text, words)
  t.notMatch(text, /[\w.]+@[\w-]+\.\w+/, 'nobody\'s address')
  t.equal(basename(files.find(file => file === 'SECURITY.md')!), 'SECURITY.md', 'where the forge looks for it')
})
