/** Cuts a file into records: lines, or those of a CSV, which may have line feeds between quotes. */
import { createReadStream } from 'node:fs'
import { Failure } from '../lib/main.mjs'

/** No ticket is as large. What is longer is no line of text, or a quote that is never closed. */
const RECORD_BYTES_MAX = 1024 * 1024

const CHUNK_BYTES = 256 * 1024

const LINE_FEED = 10
const QUOTE = 34

export interface RecordOfFile {
  /** Without the end of the line. */
  bytes: Buffer
  /** Of its first line, from 1. */
  line: number
  /** Where the next record begins. */
  end: Position
}

/** A byte that is the beginning of a line, from 1. */
export interface Position { offset: number, line: number }

/**
 * @param isQuoted a line feed between quotes ends no record (RFC 4180)
 * @throws {Failure} when a record is longer than any ticket
 */
export async function * readRecords (file: string, isQuoted: boolean, { offset, line }: Position): AsyncGenerator<RecordOfFile> {
  let rest: Buffer = Buffer.alloc(0)
  let start = offset
  let next = line
  for await (const chunk of createReadStream(file, { start: offset, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    let from = 0
    for (let end = endOf(bytes, from, isQuoted); end >= 0; end = endOf(bytes, from, isQuoted)) {
      const line = next
      next += isQuoted ? countLines(bytes, from, end + 1) : 1
      yield { bytes: withoutReturn(bytes.subarray(from, end)), line, end: { offset: start + end + 1, line: next } }
      from = end + 1
    }
    rest = bytes.subarray(from)
    start += from
    if (rest.length > RECORD_BYTES_MAX) throw new Failure(`Line ${next} of ${file} does not end within 1 MiB: it is no text, or a quote is not closed`)
  }
  if (rest.length > 0) yield { bytes: withoutReturn(rest), line: next, end: { offset: start + rest.length, line: next + countLines(rest, 0, rest.length) + 1 } }
}

/** The place of the line feed that ends the record; -1: there is none yet. */
function endOf (bytes: Buffer, from: number, isQuoted: boolean): number {
  if (!isQuoted) return bytes.indexOf(LINE_FEED, from)
  let end = bytes.indexOf(LINE_FEED, from)
  let quotes = 0
  let looked = from
  while (end >= 0) {
    for (let quote = bytes.indexOf(QUOTE, looked); quote >= 0 && quote < end; quote = bytes.indexOf(QUOTE, quote + 1)) quotes += 1
    // A quote that stands for itself is two.
    if (quotes % 2 === 0) return end
    looked = end
    end = bytes.indexOf(LINE_FEED, end + 1)
  }
  return -1
}

function countLines (bytes: Buffer, from: number, to: number): number {
  let lines = 0
  for (let at = bytes.indexOf(LINE_FEED, from); at >= 0 && at < to; at = bytes.indexOf(LINE_FEED, at + 1)) lines += 1
  return lines
}

const withoutReturn = (bytes: Buffer): Buffer => bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes
