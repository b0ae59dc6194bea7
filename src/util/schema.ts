import type { Static, TObject, TSchema, Type as TypeBox } from 'typebox'

export type { Static, TObject, TSchema }

type Builders = Pick<typeof TypeBox, 'Array' | 'Boolean' | 'Enum' | 'Integer' | 'Literal' | 'Number' | 'Object' | 'Optional' | 'Record' | 'String' | 'Unknown' | 'Unsafe'>

type Json = Record<string, unknown>

/** Members that an object may lack. */
const optional = new WeakSet<object>()

const typed = (type: string) => (options?: object) => ({ type, ...options })

function object (properties: Json, options?: object): Json {
  const required = Object.keys(properties).filter(name => !optional.has(properties[name] as object))
  return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
}

function optionalOf (schema: object): object {
  const copy = { ...schema }
  optional.add(copy)
  return copy
}

/**
 * JSON Schemas by TypeBox's words and with its types, so that a schema is a type, too. TypeBox itself is 680 files, which take longer to
 * load than all others of a start but Fastify's: the service uses these few words of it.
 */
export const Type = {
  Array: (items: object, options?: object) => ({ type: 'array', items, ...options }),
  Boolean: typed('boolean'),
  Enum: (values: readonly unknown[], options?: object) => ({ enum: values, ...options }),
  Integer: typed('integer'),
  Literal: (value: unknown, options?: object) => ({ type: typeof value, const: value, ...options }),
  Number: typed('number'),
  Object: object,
  Optional: optionalOf,
  Record: (_names: object, values: object, options?: object) => ({ type: 'object', patternProperties: { '^.*$': values }, ...options }),
  String: typed('string'),
  Unknown: (options?: object) => ({ ...options }),
  Unsafe: (schema: object) => ({ ...schema }),
} as unknown as Builders
