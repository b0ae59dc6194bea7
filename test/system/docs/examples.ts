import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { ROOT } from '../../../scripts/lib/project.mjs'
import type { Answer } from './shell.ts'

type Schema = object

interface Operation { responses: Record<string, { content?: Record<string, { schema: Schema }> }> }

const document = JSON.parse(readFileSync(join(ROOT, 'openapi/openapi.json'), 'utf8')) as { paths: Record<string, Record<string, Operation>> }
const ajv = new Ajv2020({ strict: false, schemas: [{ $id: 'document', ...document }] })

function operationOf (method: string, path: string): Operation | undefined {
  const segments = path.split('?')[0]!.split('/')
  const fits = (template: string) => {
    const parts = template.split('/')
    return parts.length === segments.length && parts.every((part, i) => part.startsWith('{') || part === segments[i])
  }
  // A path as it stands before one with a parameter.
  const template = Object.keys(document.paths).sort((a, b) => a.split('{').length - b.split('{').length).find(fits)
  return template === undefined ? undefined : document.paths[template]![method.toLowerCase()]
}

/** @returns what is wrong with an example of the answer; undefined: it is as the description of the API says */
export function againstSchema (example: unknown, { method, path, status }: Answer): string | undefined {
  const operation = operationOf(method, path)
  if (!operation) return `${method} ${path} is not described`
  const { content = {} } = operation.responses[status] ?? operation.responses.default ?? {}
  const schema = Object.values(content)[0]?.schema
  if (!schema) return `${method} ${path} ${status} is not described`
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components')) as Schema)
  return validate(example) ? undefined : ajv.errorsText(validate.errors)
}

/** Texts that are another one each time, or name what is the test's. */
const ANY_TEXT = ['next_cursor', 'request_id', 'reason']
/** Numbers that mean something; the others are times, versions and counts. */
const SAME_NUMBERS = ['ticket_id', 'customer_id', 'assigned_to', 'status', 'seq']

/**
 * @returns how an example differs from what was answered: in a name, a type, a text or a number that means something;
 *   undefined: it does not
 */
export function against (example: unknown, answered: unknown, name = ''): string | undefined {
  if (typeof example !== typeof answered || Array.isArray(example) !== Array.isArray(answered) || (example === null) !== (answered === null)) {
    return `${name || '/'} is ${JSON.stringify(answered)} instead of ${JSON.stringify(example)}`
  }
  if (typeof example === 'object' && example !== null) {
    const [names, others] = [Object.keys(example), Object.keys(answered as object)]
    if (names.sort().join() !== others.sort().join()) return `${name || '/'} has ${others.join(', ')} instead of ${names.join(', ')}`
    return names.map(key => against((example as Record<string, unknown>)[key], (answered as Record<string, unknown>)[key], `${name}/${key}`)).find(Boolean)
  }
  const key = name.split('/').at(-1)!
  const isFree = typeof example === 'string' ? ANY_TEXT.includes(key) : typeof example === 'number' && !SAME_NUMBERS.includes(key)
  return isFree || example === answered ? undefined : `${name} is ${JSON.stringify(answered)} instead of ${JSON.stringify(example)}`
}
