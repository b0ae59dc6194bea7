/** The tickets of a file, in batches as the service takes them. */
import { readRecords, type Position, type RecordOfFile } from './records.ts'
import { createCsvReader } from './csv.ts'
import type { Format } from './options.ts'

/** Operations of a request, and its bytes: below what the service takes, 4 MiB. */
const OPERATIONS_MAX = 500
const BYTES_MAX = 3 * 1024 * 1024

/** A time with its offset from UTC, as ISO 8601 writes it. One without would be a guess. */
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/

const TIMES = ['created_at', 'updated_at', 'closed_at']

/** What was not imported, and why. */
export interface Refused { line: number, reason: string, text: string }

export interface Operation { line: number, text: string, fields: Record<string, unknown>, json: string }

export interface Batch {
  operations: Operation[]
  /** Of the lines that are no ticket. */
  refused: Refused[]
  /** Where the next batch begins. */
  end: Position
}

/** @throws {Failure} when the file is not what its format says */
export async function * readBatches (file: string, format: Format, from: Position): AsyncGenerator<Batch> {
  const toFields = format === 'csv' ? await csvReader(file) : (text: string) => JSON.parse(text) as unknown
  let batch = emptyBatch(from)
  let bytes = 0
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const record of readRecords(file, format === 'csv', from)) {
    const isHeader = format === 'csv' && record.line === 1
    const outcome = isHeader ? undefined : toOperation(record, decoder, toFields)
    const size = outcome && 'json' in outcome ? Buffer.byteLength(outcome.json) : 0
    if (size > 0 && batch.operations.length > 0 && (batch.operations.length === OPERATIONS_MAX || bytes + size > BYTES_MAX)) {
      yield batch
      batch = emptyBatch(batch.end)
      bytes = 0
    }
    if (outcome && 'json' in outcome) {
      batch.operations.push(outcome)
      bytes += size
    } else if (outcome) {
      batch.refused.push(outcome)
    }
    batch.end = record.end
  }
  if (batch.end.offset > from.offset) yield batch
}

const emptyBatch = (end: Position): Batch => ({ operations: [], refused: [], end })

async function csvReader (file: string) {
  const first = await readRecords(file, true, { offset: 0, line: 1 }).next()
  return createCsvReader(first.done ? '' : withoutMark(first.value.bytes.toString('utf8')))
}

/** Programs of Windows begin a text with one. */
const withoutMark = (text: string): string => text.startsWith('\uFEFF') ? text.slice(1) : text

/** undefined: the line is empty. */
function toOperation ({ bytes, line }: RecordOfFile, decoder: InstanceType<typeof TextDecoder>, toFields: (text: string) => unknown): Operation | Refused | undefined {
  const refuse = (reason: string): Refused => ({ line, reason, text: bytes.toString('utf8') })
  try {
    const text = decoder.decode(bytes)
    if (text.trim() === '') return undefined
    const fields = toFields(text)
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return refuse('is no JSON object')
    const operation = { op: 'import', ...withTimes(fields as Record<string, unknown>) }
    if (operation.op !== 'import') return refuse('has the field op, and only tickets can be imported')
    return { line, text, fields: operation, json: JSON.stringify(operation) }
  } catch (error) {
    return refuse((error as Error).message)
  }
}

/** Other texts stay, and the service says what is wrong with them. */
function withTimes (fields: Record<string, unknown>): Record<string, unknown> {
  for (const name of TIMES) {
    const value = fields[name]
    if (typeof value === 'string' && TIME.test(value)) fields[name] = Math.floor(Date.parse(value) / 1000)
  }
  return fields
}
