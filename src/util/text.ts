import type { TSchema } from './schema.ts'

type Json = { type?: string, items?: Json }

/**
 * Parameters and environment variables are text. This turns text into what its schema says, as far
 * as it can be done without a guess: only an integer's canonical form is an integer, only `true`
 * and `false` are booleans, a list is comma-separated. All other text stays, and validation says
 * what is wrong with it.
 */
export function fromText (schema: TSchema, text: string): unknown {
  const { type, items } = schema as Json
  switch (type) {
    case 'integer': return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : text
    case 'boolean': return text === 'true' || text === 'false' ? text === 'true' : text
    case 'array': return text === '' ? [] : text.split(',').map(item => fromText(items as TSchema, item.trim()))
    default: return text
  }
}

/**
 * Every text in `texts` by the schema of the property with its name. A name that stands several
 * times in a query (`ids=1&ids=2`) is a list of texts, as good as one with commas.
 */
export function fromTexts (properties: Record<string, TSchema>, texts: Record<string, unknown>): Record<string, unknown> {
  const values: Record<string, unknown> = { ...texts }
  for (const name in properties) {
    const text = texts[name]
    if (typeof text === 'string') values[name] = fromText(properties[name]!, text)
    else if (Array.isArray(text)) values[name] = fromText(properties[name]!, text.join())
  }
  return values
}

/** The beginning of a text that is too long to be repeated. Never half a character. */
export const shorten = (text: string, lengthMax: number): string => text.length > lengthMax ? `${text.slice(0, lengthMax).toWellFormed()}...` : text

/** The error of a Redis, or a proxy before it, that does not know a command, without what it repeats of it: passwords, and what customers write. */
export const withoutArguments = (message: string): string => message.replace(/(with args beginning with:).*/s, '$1 ...')
