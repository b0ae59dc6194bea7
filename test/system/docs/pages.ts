import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { ROOT } from '../../../scripts/lib/project.mjs'

/** What GitHub shows of a page between ``` and ```. */
export interface Fence { language: string, text: string, line: number }

export interface Page { path: string, text: string }

/** Folders that hold nothing of the project's own. */
const FOREIGN = ['node_modules', '.git', '.local', '.tap', 'dist']

/** Paths of the files below a folder whose names end so, from the project's folder. */
export function filesBelow (folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return FOREIGN.includes(entry.name) ? [] : filesBelow(path, ending)
    return entry.name.endsWith(ending) ? [path] : []
  }).sort()
}

/** The pages for people, by their paths from the project's folder; the plugin's page is one of them. */
export function readPages (): Page[] {
  const paths = [
    'README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'wordpress/README.md',
    ...filesBelow('docs', '.md'),
  ]
  return paths.filter(path => existsSync(join(ROOT, path))).map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

const FENCE = /^```(\S*)\n([^]*?)^```$/gm

export function fencesOf (text: string): Fence[] {
  return [...text.matchAll(FENCE)].map(({ 1: language = '', 2: content = '', index }) => ({ language, text: content, line: text.slice(0, index).split('\n').length }))
}

/** The page without its fences, whose content is no Markdown. */
const prose = (text: string) => text.replaceAll(FENCE, '')

/** Inline code, without its backticks. */
export const inlineCodeOf = (text: string) => [...prose(text).matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' '))

export function headingsOf (text: string): { level: number, title: string }[] {
  return [...prose(text).matchAll(/^(#+) (.*)$/gm)].map(([, marks = '', title = '']) => ({ level: marks.length, title }))
}

/** The anchor that GitHub makes of a heading. */
export function slug (title: string): string {
  return title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-')
}

/** Where a link to the page may lead: its headings, of which equal ones are numbered, and `<a id>`. */
export function anchorsOf (text: string): Set<string> {
  const seen = new Map<string, number>()
  const headings = headingsOf(text).map(({ title }) => {
    const anchor = slug(title)
    const count = seen.get(anchor) ?? 0
    seen.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
  return new Set([...headings, ...[...prose(text).matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id = '']) => id)])
}

/** The targets of the page's links and images. Inline code holds none. */
export function linksOf (text: string): string[] {
  return [...prose(text).replaceAll(/`[^`\n]+`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** @returns what is wrong with a link of the page; undefined: it leads somewhere */
export function brokenLink ({ path, text }: Page, target: string): string | undefined {
  if (/^https?:/.test(target)) return URL.canParse(target) ? undefined : `${target} is no URL`
  const [file = '', anchor] = target.split('#')
  const absolute = join(ROOT, dirname(path), file)
  if (relative(ROOT, absolute).startsWith('..')) return `${target} is not in the project`
  if (!existsSync(absolute)) return `${target} does not exist`
  if (anchor === undefined) return undefined
  return anchorsOf(file === '' ? text : readFileSync(absolute, 'utf8')).has(anchor) ? undefined : `${target} has no such heading`
}
