import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { Environment } from '../../../src/config.ts'
import { anchorsOf, brokenLink, fencesOf, filesBelow, headingsOf, inlineCodeOf, linksOf, readPages, slug } from './pages.ts'

/** A list that fits on a screen. */
const CONTENTS_MAX = 25
const README_LINES_MAX = 200
const DECISION_LINES_MAX = 20

const pages = readPages()
const lines = (text: string) => text.trimEnd().split('\n').length

t.test('links and anchors are read as GitHub does', async t => {
  const text = '# One `two`, three\n\n## A [link](b.md#c)\n\n## A link\n\n| <a id="row"></a>`x` |\n\n```sh\n# no heading\n[no](link)\n```\n'
  t.strictSame(anchorsOf(text), new Set(['one-two-three', 'a-link', 'a-link-1', 'row']))
  t.strictSame(linksOf(text), ['b.md#c'])
  t.equal(slug('The files of deploy/redis'), 'the-files-of-deployredis')
  const page = { path: 'docs/x.md', text }
  t.strictSame(['#row', '../README.md', '../package.json', 'https://example.com/a'].map(target => brokenLink(page, target)), [undefined, undefined, undefined, undefined])
  t.strictSame(['#none', '../README.md#none', 'none.md', '../../x', 'http://'].map(target => brokenLink(page, target) === undefined), [false, false, false, false, false])
})

t.test('every link leads somewhere', async t => {
  for (const page of pages) {
    for (const target of linksOf(page.text)) t.equal(brokenLink(page, target), undefined, `${page.path}: ${target}`)
  }
})

t.test('a page begins with the list of its sections', async t => {
  const withContents = pages.filter(({ path }) => /^docs\/\w[\w-]*\.md$/.test(path) && path !== 'docs/README.md')
  t.ok(withContents.length > 10)
  for (const { path, text } of [...withContents, ...pages.filter(page => page.path === 'CONTRIBUTING.md')]) {
    const [beforeSections = ''] = text.split(/^## /m)
    const contents = [...beforeSections.matchAll(/^- \[([^\]]+)\]\(#([^)]+)\)$/gm)].map(([, title = '', anchor = '']) => ({ title, anchor }))
    const sections = headingsOf(text).filter(({ level }) => level === 2).map(({ title }) => ({ title, anchor: slug(title) }))
    t.strictSame(contents, sections, path)
    t.ok(contents.length <= CONTENTS_MAX, `${path} has at most ${CONTENTS_MAX} sections`)
  }
})

t.test('no command shows a password as an argument, or in the history of a shell', async t => {
  const WITH_PASSWORD = /--password=\S|\b(mysql|mariadb|mysqldump)\b.* -p\S|redis-cli\b.* (-a|--pass) |redis-cli\b.* -u \S+:\S+@|\b(\w*PASSWORD|\w*_KEY|REDISCLI_AUTH|MYSQL_PWD)=(?!["']?\$|\S*\/)[^\s`"']/
  for (const example of ['mariadb --password=x', 'mysql -px tickets', 'redis-cli -a x', 'redis-cli -u redis://u:p@h', 'REPLICA_PASSWORD=... sh promote.sh', 'MYSQL_PWD=x mysql']) t.match(example, WITH_PASSWORD)
  for (const example of ['mariadb --defaults-file=x', 'REDISCLI_AUTH="$(cat x)" redis-cli', 'mysql -u root -p', 'REPLICA_PASSWORD_FILE=/x sh promote.sh', 'redis-cli -p 6379']) t.notMatch(example, WITH_PASSWORD)
  for (const { path, text } of [...pages, { path: 'README.md', text: readFileSync(join(ROOT, 'README.md'), 'utf8') }]) {
    for (const code of [...fencesOf(text).filter(({ language }) => language === 'sh' || language === 'ini').map(fence => fence.text), ...inlineCodeOf(text)]) {
      for (const line of code.split('\n')) t.notMatch(line, WITH_PASSWORD, path)
    }
  }
})

t.test('pages are short enough to be read', async t => {
  for (const path of filesBelow('.', 'README.md')) {
    t.ok(lines(readFileSync(join(ROOT, path), 'utf8')) <= README_LINES_MAX, `${path} has at most ${README_LINES_MAX} lines`)
  }
  const decisions = pages.filter(({ path }) => path.startsWith('docs/decisions/') && !path.endsWith('README.md'))
  t.ok(decisions.length >= 6)
  for (const { path, text } of decisions) t.ok(lines(text) <= DECISION_LINES_MAX, `${path} has at most ${DECISION_LINES_MAX} lines`)
})

t.test('an index leads to every page', async t => {
  for (const [index, folder] of [['docs/README.md', 'docs/'], ['docs/decisions/README.md', 'docs/decisions/']] as const) {
    const targets = new Set(linksOf(pages.find(({ path }) => path === index)!.text))
    for (const { path } of pages) {
      const name = path.slice(folder.length)
      if (path.startsWith(folder) && !name.includes('/') && path !== index) t.ok(targets.has(name), `${index}: ${name}`)
    }
  }
})

t.test('fences are of a language that a test looks at', async t => {
  for (const { path, text } of pages.filter(page => page.path !== 'wordpress/README.md')) {
    for (const { language, text: content, line } of fencesOf(text)) {
      const at = `${path}:${line}`
      if (language === 'yaml') t.type(parse(content), 'object', at)
      else if (language === 'env') for (const [, name = ''] of content.matchAll(/^(\w+)=/gm)) t.ok(name in Environment.properties, `${at}: ${name} is a variable`)
      else if (language === 'ini') for (const [, file = ''] of content.matchAll(/\/etc\/redis\/([\w-]+\.(?:sh|conf))/g)) t.ok(existsSync(join(ROOT, 'deploy/redis', file)), `${at}: ${file}`)
      else t.ok(['sh', 'php', 'js', 'json', 'mermaid', 'text'].includes(language), `${at}: ${language} is known`)
    }
  }
})

t.test('scripts and files that the text names are there', async t => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  for (const { path, text } of pages.filter(page => page.path !== 'wordpress/README.md')) {
    for (const code of inlineCodeOf(text)) {
      const script = /^npm (?:run )?([\w:-]+)/.exec(code)?.[1]
      if (script && !['ci', 'install', 'audit'].includes(script)) t.ok(script in scripts, `${path}: ${code}`)
      // NAME stands for any.
      if (/^(bench|deploy|migrations|openapi|routes|scripts|test)\/[\w./-]*$/.test(code) && !code.includes('NAME')) t.ok(existsSync(join(ROOT, code)), `${path}: ${code}`)
    }
  }
})

t.test('every problem and every route has its row in the reference', async t => {
  const { text } = pages.find(({ path }) => path === 'docs/http-reference.md')!
  const [, codes = ''] = /## Error codes\n([^]*?)\n## /.exec(text)!
  const { PROBLEMS } = await import('../../../src/errors.ts')
  const named = [...codes.matchAll(/^\| (`[^|]+) \| ([\d, ]+) \|/gm)].flatMap(([, names = '', statuses = '']) => {
    const all = statuses.split(', ')
    return [...names.matchAll(/`(\w+)`/g)].map(([, code = ''], i) => [code, Number(all[i] ?? all[0])] as const)
  })
  t.strictSame(Object.fromEntries(named.sort()), Object.fromEntries(Object.entries(PROBLEMS).map(([code, { status }]) => [code, status] as const).sort()))

  const [, routes = ''] = /## Routes\n([^]*?)\n## /.exec(text)!
  const document = JSON.parse(readFileSync(join(ROOT, 'openapi/openapi.json'), 'utf8')) as { paths: Record<string, object> }
  const described = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map(method => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`))
  for (const route of described) t.ok(routes.includes(`\`${route}\``) || routes.includes(`\`${route}?`), route)
})
