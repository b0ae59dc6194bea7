/** Values of a CSV (RFC 4180): one record, and what the names of its columns mean. */
import { FIELD_LIST } from '../../src/tickets/fields.ts'
import { Failure } from '../lib/main.mjs'

const DELIMITERS = [',', ';', '\t']

const CUSTOM = 'custom_fields.'

const COLUMNS = new Map(FIELD_LIST.filter(field => field.create !== 'never' || field.import).map(({ name, schema }) => [name as string, (schema as { type?: string }).type]))
COLUMNS.set('ticket_id', 'integer')

/** @throws {Error} where a quote stands where none can */
export function parseRecord (text: string, delimiter: string): string[] {
  // Nearly all have none.
  if (!text.includes('"')) return text.split(delimiter)
  const values: string[] = []
  for (let at = 0; ;) {
    let value: string
    if (text[at] === '"') {
      let end = at + 1
      while (text[end] !== '"' || text[end + 1] === '"') {
        if (end >= text.length) throw new Error('a quote is not closed')
        end += text[end] === '"' ? 2 : 1
      }
      value = text.slice(at + 1, end).replaceAll('""', '"')
      at = end + 1
      if (at < text.length && !text.startsWith(delimiter, at)) throw new Error('text follows a quote that was closed')
    } else {
      const end = text.indexOf(delimiter, at)
      value = text.slice(at, end < 0 ? undefined : end)
      if (value.includes('"')) throw new Error('a value with quotes in it is not in quotes')
      at += value.length
    }
    values.push(value)
    if (at >= text.length) return values
    at += delimiter.length
    if (at === text.length) return [...values, '']
  }
}

/**
 * A reader of records, by the line of names.
 * @throws {Failure} naming a column that no ticket has
 */
export function createCsvReader (header: string): (text: string) => Record<string, unknown> {
  const delimiter = DELIMITERS.find(delimiter => header.includes(delimiter)) ?? ','
  const names = parseRecord(header, delimiter).map(name => name.trim())
  const unknown = names.find(name => !COLUMNS.has(name) && !(name.startsWith(CUSTOM) && name.length > CUSTOM.length))
  if (unknown !== undefined) throw new Failure(`There is no field "${unknown}". The first line names the columns: ${[...COLUMNS.keys()].join(', ')}, or custom_fields.NAME`)
  const repeated = names.find((name, i) => names.indexOf(name) < i)
  if (repeated !== undefined) throw new Failure(`The first line names ${repeated} twice`)

  return text => {
    const values = parseRecord(text, delimiter)
    if (values.length !== names.length) throw new Error(`has ${values.length} values, and the first line ${names.length} names`)
    const fields: Record<string, unknown> = {}
    const custom: Record<string, unknown> = {}
    for (const [i, name] of names.entries()) {
      const value = values[i]!
      // An empty cell is a field that the ticket does not have.
      if (value === '') continue
      if (name.startsWith(CUSTOM)) custom[name.slice(CUSTOM.length)] = value
      else if (name === 'custom_fields') Object.assign(custom, JSON.parse(value))
      else fields[name] = COLUMNS.get(name) === 'integer' && /^\d+$/.test(value) ? Number(value) : value
    }
    return Object.keys(custom).length > 0 ? { ...fields, custom_fields: custom } : fields
  }
}
