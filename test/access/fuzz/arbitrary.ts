import fc, { type Arbitrary } from 'fast-check'

/** As much of JSON Schema as the description of the service uses. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  oneOf?: Schema[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  propertyNames?: Schema
  minProperties?: number
  dependentSchemas?: Record<string, Schema>
  items?: Schema
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
}

/** Lists and names of one request; the limits of the schemas themselves are for other tests. */
const MEMBERS_MAX = 8

/** Values that fit a schema, its bounds among them. */
export function createArbitraries (resolve: (ref: string) => Schema) {
  function of (schema: Schema): Arbitrary<unknown> {
    if (schema.$ref) return of(resolve(schema.$ref))
    if (schema.enum) return fc.constantFrom(...schema.enum)
    if ('const' in schema) return fc.constant(schema.const)
    if (schema.oneOf) return fc.oneof(...schema.oneOf.map(of))
    const types = [schema.type ?? 'object'].flat()
    return types.length === 1 ? ofType(types[0]!, schema) : fc.oneof(...types.map(type => ofType(type, schema)))
  }

  function ofType (type: string, schema: Schema): Arbitrary<unknown> {
    switch (type) {
      case 'null': return fc.constant(null)
      case 'boolean': return fc.boolean()
      case 'integer': return integer(schema)
      case 'number': return fc.oneof(integer(schema), fc.double({ min: schema.minimum, max: schema.maximum, noNaN: true }))
      case 'string': return text(schema)
      case 'array': return list(schema)
      default: return object(schema)
    }
  }

  function integer ({ minimum = -Number.MAX_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: Schema): Arbitrary<number> {
    return fc.oneof(
      // So few that requests meet each other's tickets.
      { weight: 8, arbitrary: fc.integer({ min: minimum, max: Math.min(maximum, Math.max(minimum, 0) + 20) }) },
      { weight: 1, arbitrary: fc.integer({ min: minimum, max: maximum }) },
      { weight: 1, arbitrary: fc.constantFrom(minimum, maximum) },
    )
  }

  function text ({ minLength = 0, maxLength = 1000, pattern }: Schema): Arbitrary<string> {
    if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
    // Characters of any kind, of which each counts as one.
    return fc.oneof(
      fc.string({ unit: 'binary', minLength, maxLength: Math.min(maxLength, 40) }),
      fc.string({ unit: 'binary', minLength: maxLength, maxLength, size: 'max' }),
      fc.string({ unit: fc.constantFrom('\0', '\n', '\x1b', '"', '\\', '\'', '{', '🎫', '\u202e', '\uffff'), minLength, maxLength: Math.min(maxLength, 40) }),
    )
  }

  function list ({ items = {}, minItems = 0, maxItems = MEMBERS_MAX, uniqueItems = false }: Schema): Arbitrary<unknown[]> {
    const bounds = { minLength: minItems, maxLength: Math.min(maxItems, MEMBERS_MAX) }
    return uniqueItems ? fc.uniqueArray(of(items), bounds) : fc.array(of(items), bounds)
  }

  function object ({ properties = {}, required = [], additionalProperties, propertyNames, minProperties = 0, dependentSchemas = {} }: Schema): Arbitrary<object> {
    const known = fc.record(Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, of(schema)])), { requiredKeys: required })
    const others = typeof additionalProperties === 'object'
      ? fc.dictionary(propertyNames ? of({ type: 'string', ...propertyNames }) as Arbitrary<string> : fc.string(), of(additionalProperties), { maxKeys: MEMBERS_MAX })
      : fc.constant({})
    return fc.tuple(known, others)
      .map(([known, others]) => ({ ...others, ...known }))
      .filter(value => {
        const count = Object.keys(value).length
        return count >= minProperties && Object.entries(dependentSchemas).every(([name, { minProperties = 0 }]) => !(name in value) || count >= minProperties)
      })
  }

  return of
}

/** What may stand where it does not belong. */
const hostileValue: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', '0', 'NaN', '__proto__', -1, 0, -0, 0.5, 1e21, 2 ** 53, Number.MIN_VALUE, Number.MAX_VALUE, [], {}, [[]], [null], { length: -1 }, { toString: 1 }, { then: 1 }, { $ref: '#' }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
)

const hostileName = fc.oneof(fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'length', '$ref', '', '0', 'a.b', 'ticket_id', 'version', 'op'), fc.string({ unit: 'binary' }))

type Container = Record<string, unknown>

/** All objects and lists in a value. */
function containersOf (value: unknown): Container[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Container, ...Object.values(value).flatMap(containersOf)]
}

/** A value with some of it replaced, removed or added, anywhere. */
export function mutated (values: Arbitrary<unknown>): Arbitrary<unknown> {
  const change = fc.record({ place: fc.nat(), kind: fc.constantFrom('replace', 'remove', 'add'), name: hostileName, value: hostileValue })
  return fc.oneof({ weight: 1, arbitrary: hostileValue }, {
    weight: 6,
    arbitrary: fc.tuple(values, fc.array(change, { minLength: 1, maxLength: 3 })).map(([original, changes]) => {
      const copy: unknown = structuredClone(original)
      // Not the value itself, which the next change may change.
      for (const { place, kind, name, value } of changes.map(change => structuredClone(change))) {
        const containers = containersOf(copy)
        if (containers.length === 0) return value
        const container = containers[place % containers.length]!
        const names = Object.keys(container)
        const chosen = names[place % names.length]
        if (kind === 'add' || chosen === undefined) Array.isArray(container) ? container.push(value) : container[name] = value
        else if (kind === 'replace') container[chosen] = value
        else Array.isArray(container) ? container.splice(Number(chosen), 1) : delete container[chosen]
      }
      return copy
    }),
  })
}

/** Text that is nearly the JSON of a value. */
export const broken = (values: Arbitrary<unknown>): Arbitrary<string> =>
  fc.tuple(values.map(value => JSON.stringify(value) ?? ''), fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat({ max: 3 }))
    .map(([text, at, inserted, removed]) => text.slice(0, at % (text.length + 1)) + inserted + text.slice(at % (text.length + 1) + removed))
