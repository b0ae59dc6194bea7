import { str, type ErrorObject, type FuncKeywordDefinition, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { TObject, TSchema } from './schema.ts'

/**
 * Whether a text has at most `max` characters, counted as JSON Schema counts them: a pair of surrogates is one (RFC 8259,
 * section 7). Most texts are told by their length alone, and no long one is walked through.
 */
const isAtMost = (max: number, text: string): boolean => text.length <= max || (text.length <= 2 * max && countCharacters(text) <= max)

const isAtLeast = (min: number, text: string): boolean => text.length >= 2 * min || (text.length >= min && countCharacters(text) >= min)

const countCharacters = (text: string): number => [...text].length

const keyword = (name: string, comparison: string, validate: (limit: number, text: string) => boolean): FuncKeywordDefinition => ({
  keyword: name,
  type: 'string',
  schemaType: 'number',
  errors: false,
  validate,
  error: { message: ({ schemaCode }) => str`must NOT have ${comparison} than ${schemaCode} characters` },
})

/** Ajv's own count every character of every text: a fifth of the time that a batch of long ones took. */
const LENGTH_KEYWORDS = [keyword('maxLength', 'more', isAtMost), keyword('minLength', 'fewer', isAtLeast)]

/**
 * Nothing is coerced, stripped or filled in; the first finding ends the search, so that a hostile body costs little. That the schemas
 * are such is shown by tests and not at each start, which it would make a tenth longer.
 */
export const ajv = new Ajv2020({
  discriminator: true, allErrors: false, coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true, strictTypes: false, strictSchema: false, meta: false, validateSchema: false,
})
for (const keyword of LENGTH_KEYWORDS) ajv.removeKeyword(keyword.keyword as string).addKeyword(keyword)

/** Finds the first error of a value, in words for people; undefined: it is what the schema says. The schema is compiled when it is first needed. */
export function createFinder (schema: TSchema) {
  let validate: ValidateFunction | undefined
  return (value: unknown): ErrorObject | undefined => {
    validate ??= ajv.compile(schema)
    if (validate(value)) return undefined
    const [error] = validate.errors!
    // Without the places of items that are equal.
    return { ...error!, message: error!.message!.replace('NOT', 'not').replace(/ \(.*\)$/, '') }
  }
}

/** An object with the defaults of the members that it lacks; what is none stays as it is. */
export function withDefaults (schema: TObject, given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const defaults = Object.entries(schema.properties as Record<string, { default?: unknown }>).filter(([, property]) => property.default !== undefined)
  return { ...Object.fromEntries(defaults.map(([name, property]) => [name, structuredClone(property.default)])), ...given }
}
