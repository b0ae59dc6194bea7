import { createHash } from 'node:crypto'
import { invalid } from '../errors.ts'
import type { ChangeCursor, LogPosition } from '../tickets/changes.ts'

const FORMAT = 1
const EPOCH_BYTES = 4
const CHECKSUM_BYTES = 4

/** Text of the cursor of the largest Cluster, 1024 partitions, and somewhat more. */
export const CURSOR_CHARACTERS_MAX = 14_000

/** Numbers below 2^53, seven bits a byte: those of a Cluster's partitions are near to each other. */
function pushNumber (bytes: number[], value: number) {
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(128 + rest % 128)
  bytes.push(rest)
}

const checksum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest().subarray(0, CHECKSUM_BYTES)

/** A cursor as opaque text, which a URL and a header can hold. */
export function toChangeCursor ({ positions, snapshotAfter }: ChangeCursor): string {
  const epochs = [...new Set(positions.map(({ epoch }) => epoch))]
  const entries = positions.map(({ entry }) => entry.split('-').map(Number) as [number, number])
  const newest = Math.max(...entries.map(([ms]) => ms))
  const bytes: number[] = [FORMAT]
  pushNumber(bytes, snapshotAfter === undefined ? 0 : snapshotAfter + 1)
  pushNumber(bytes, epochs.length)
  for (const epoch of epochs) bytes.push(...Buffer.from(epoch, 'hex'))
  pushNumber(bytes, newest)
  positions.forEach(({ epoch, told }, i) => {
    const [ms, sequence] = entries[i]!
    for (const number of [epochs.indexOf(epoch), newest - ms, sequence, told]) pushNumber(bytes, number)
  })
  const body = Buffer.from(bytes)
  return Buffer.concat([body, checksum(body)]).toString('base64url')
}

/**
 * @param pointer where the text stands in the request
 * @throws {Problem} validation_failed when it is none
 */
export function fromChangeCursor (text: string, pointer: string): ChangeCursor {
  const bytes = Buffer.from(text, 'base64url')
  const body = bytes.subarray(0, -CHECKSUM_BYTES)
  if (bytes.toString('base64url') !== text || body[0] !== FORMAT || !checksum(body).equals(bytes.subarray(-CHECKSUM_BYTES))) throw invalid(pointer, 'must be the next_cursor of an earlier answer, or now')
  let at = 1
  const number = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = body[at++]!
      value += (byte % 128) * factor
      if (byte < 128) return value
    }
  }
  const snapshot = number()
  const epochs = Array.from({ length: number() }, () => {
    at += EPOCH_BYTES
    return body.subarray(at - EPOCH_BYTES, at).toString('hex')
  })
  const newest = number()
  const positions: LogPosition[] = []
  while (at < body.length) {
    const epoch = epochs[number()]!
    positions.push({ epoch, entry: `${newest - number()}-${number()}`, told: number() })
  }
  return { positions, ...(snapshot > 0 && { snapshotAfter: snapshot - 1 }) }
}
