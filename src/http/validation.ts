import type { ErrorObject } from 'ajv'
import { Problem, type Finding } from '../errors.ts'
import { FIELD_LIST } from '../tickets/fields.ts'
import { shorten } from '../util/text.ts'

const PLACES: Record<string, string> = { body: 'body', params: 'path', querystring: 'query', headers: 'headers' }

/** @param errors Ajv's findings, of which the first is the reason for any other */
export function toValidationProblem ([error]: ErrorObject[], part: string): Problem {
  const { pointer, message } = describe(error!)
  const what = pointer ? `${pointer} in the ${PLACES[part] ?? part}` : `The ${PLACES[part] ?? part}`
  return new Problem('validation_failed', `${what} ${message}.`, { errors: [{ pointer, message }] })
}

/** Fields that only the service sets: their own message, because callers send back what they have read. */
const SERVICE_SET: readonly string[] = ['ticket_id', ...FIELD_LIST.filter(({ create }) => create === 'never').map(({ name }) => name)]

function describe ({ keyword, instancePath, params, message = 'is not valid', parentSchema, data, propertyName }: ErrorObject): Finding {
  const at = (name: string) => `${instancePath}/${shorten(name, NAME_MAX).replaceAll('~', '~0').replaceAll('/', '~1')}`
  if (propertyName !== undefined) return { pointer: at(propertyName), message: `is not a valid name: it ${message}` }
  switch (keyword) {
    case 'required':
      return { pointer: at(String(params.missingProperty)), message: 'is required' }
    case 'additionalProperties':
      return { pointer: at(String(params.additionalProperty)), message: unknownField(String(params.additionalProperty), parentSchema as { properties: object }) }
    case 'enum':
      return { pointer: instancePath, message: `must be one of ${(params.allowedValues as unknown[]).join(', ')}` }
    case 'type':
      return { pointer: instancePath, message: `must be ${([] as string[]).concat(params.type as string).join(' or ')}, not ${typeName(data)}` }
    case 'discriminator':
      return { pointer: at(String(params.tag)), message: `must be one of ${tags(parentSchema as Tagged, String(params.tag)).join(', ')}` }
    case 'minProperties':
      return { pointer: instancePath, message: 'must hold at least one field' }
    default:
      return { pointer: instancePath, message }
  }
}

type Tagged = { oneOf: { properties: Record<string, { const: string }> }[] }

/** The values that tell the alternatives of a schema apart. */
const tags = ({ oneOf }: Tagged, name: string) => oneOf.map(({ properties }) => properties[name]!.const)

function unknownField (name: string, { properties }: { properties: object }): string {
  const reason = SERVICE_SET.includes(name) ? 'is not the caller\'s to set; leave it out' : 'is unknown'
  return `${reason}. Known are ${Object.keys(properties).join(', ')}`
}

function typeName (data: unknown): string {
  if (data === null || data === undefined) return 'null'
  if (Array.isArray(data)) return 'array'
  return typeof data === 'string' ? `"${shorten(data, TEXT_MAX)}"` : typeof data === 'object' ? 'object' : String(data)
}

/** So much of what a caller sent is repeated in what is said of it. Our own names are shorter. */
const NAME_MAX = 80
const TEXT_MAX = 40
