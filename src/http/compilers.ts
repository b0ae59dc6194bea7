import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import type { ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'
import type { Problem } from '../errors.ts'
import { ajv } from '../util/ajv.ts'
import type { TSchema } from '../util/schema.ts'
import { fromTexts } from '../util/text.ts'
import { toValidationProblem } from './validation.ts'

/** The routes that nearly all requests are for. */
const HOT = ['POST /tickets/:id', 'PATCH /tickets/:id', 'GET /tickets/:id', 'POST /tickets/batch']

/** Between two of what the hot routes need: an answer takes several turns of the event loop, and would wait in each of them. */
const PAUSE_MS = 20

type Serialize = (data: unknown) => string

interface Answer { schema: TSchema, method: string, url: string }

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

/** What Fastify uses where it is given none; it comes with Fastify, and is loaded with the first answer. */
const requireOfFastify = createRequire(import.meta.resolve('fastify'))
const createSerializers = (schemas: unknown, options: unknown) => {
  const { SerializerSelector } = requireOfFastify('@fastify/fast-json-stringify-compiler') as { SerializerSelector: () => (schemas: unknown, options: unknown) => (answer: Pick<Answer, 'schema'>) => Serialize }
  return SerializerSelector()(schemas, options)
}

/**
 * Compiles a schema when it is first needed: most are of answers that are never given, and all of them together took a quarter of the start.
 * All routes of an app share what they have in common.
 */
export function createCompilers () {
  /** What was not needed yet, and whether it is of a hot route. */
  const waiting = new Map<() => unknown, boolean>()
  const serializers = new Map<string, () => Serialize>()

  function later<T> (isHot: boolean, compile: () => T): () => T {
    let compiled: T | undefined
    const get = () => {
      if (compiled === undefined) {
        compiled = compile()
        waiting.delete(get)
      }
      return compiled
    }
    waiting.set(get, isHot)
    return get
  }

  const validator = (schema: TSchema, isHot: boolean) => later<ValidateFunction>(isHot, () => ajv.compile(schema))

  /** A body is checked as it came, headers are text. Parameters are text too, and are first read as what their schema says. */
  const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart, method, url }) => {
    const validate = validator(schema, isHotRoute(method, url))
    const properties = (schema as { properties?: Record<string, TSchema> }).properties ?? {}
    // Fastify hands what stands in `error` to the schemaErrorFormatter; its type knows only Error.
    const refused = () => ({ error: validate().errors as unknown as Error })
    if (httpPart === 'params' || httpPart === 'querystring') {
      return (data: unknown) => {
        const value = fromTexts(properties, data as Record<string, unknown>)
        return validate()(value) ? { value } : refused()
      }
    }
    // As it is: Fastify would copy headers that it is given back at every look at them.
    return (data: unknown) => validate()(data) || refused()
  }

  /** `schemas` are those that all routes share. */
  const buildSerializer = (schemas: unknown, options: unknown) => ({ schema, method, url }: Answer): Serialize => {
    const key = JSON.stringify(schema)
    let serialize = serializers.get(key)
    if (!serialize) serializers.set(key, serialize = later(false, () => createSerializers(schemas, options)({ schema })))
    if (isHotRoute(method, url) && waiting.has(serialize)) waiting.set(serialize, true)
    return data => serialize()(data)
  }

  return {
    validatorCompiler,

    /** For Fastify, whose types know the compilers of other schemas. */
    compilersFactory: { buildValidator: () => validatorCompiler, buildSerializer } as unknown as CompilersFactory,

    /** A check of a value in a body that a hot route judges by itself: undefined when it is what the schema says. */
    createCheck (schema: TSchema) {
      const validate = validator(schema, true)
      return (value: unknown): Problem | undefined => validate()(value) ? undefined : toValidationProblem(validate().errors!, 'body')
    },

    /** What the hot routes need and no request has asked for yet: some ms each, with pauses, so that no request waits for more than its own and one other. */
    async compileHot () {
      for (const [compile, isHot] of waiting) {
        if (!isHot) continue
        await delay(PAUSE_MS, undefined, { ref: false })
        compile()
      }
    },

    /** @throws when a schema cannot be compiled */
    compileAll () { for (const compile of waiting.keys()) compile() },
  }
}

export type Compilers = ReturnType<typeof createCompilers>

/** @param method of one route, or all that it has */
const isHotRoute = (method: string | string[], url: string): boolean => HOT.includes(`${String(method)} ${url}`)
