import { createHash } from 'node:crypto'
import { invalid } from '../errors.ts'
import type { ChangeCursor, LogPosition, SnapshotPosition } from '../tickets/changes.ts'

const FORMAT = 1
/** With a place in a snapshot that is not one among all tickets. */
const FORMAT_UNLISTED = 2
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

/** After the format: 0, or 1 and the id in the snapshot; where that is another one, 0 and the id in MySQL, or the place in the walk, from 1, and what is left. */
function pushSnapshot (bytes: number[], at: SnapshotPosition | undefined) {
  if (at?.of === 'redis') {
    for (const number of [at.shard + 1, Number(at.cursor), at.left.length, ...at.left]) pushNumber(bytes, number)
  } else if (at?.of === 'mysql') {
    pushNumber(bytes, 0)
    pushNumber(bytes, at.after)
  } else {
    pushNumber(bytes, at ? at.after + 1 : 0)
  }
}

function readSnapshot (isUnlisted: boolean, number: () => number): SnapshotPosition | undefined {
  const first = number()
  if (!isUnlisted) return first === 0 ? undefined : { of: 'all', after: first - 1 }
  if (first === 0) return { of: 'mysql', after: number() }
  return { of: 'redis', shard: first - 1, cursor: String(number()), left: Array.from({ length: number() }, number) }
}

/** A cursor as opaque text, which a URL and a header can hold. */
export function toChangeCursor ({ positions, snapshot }: ChangeCursor): string {
  const epochs = [...new Set(positions.map(({ epoch }) => epoch))]
  const entries = positions.map(({ entry }) => entry.split('-').map(Number) as [number, number])
  const newest = Math.max(...entries.map(([ms]) => ms))
  const bytes: number[] = [snapshot && snapshot.of !== 'all' ? FORMAT_UNLISTED : FORMAT]
  pushSnapshot(bytes, snapshot)
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
  if (bytes.toString('base64url') !== text || ![FORMAT, FORMAT_UNLISTED].includes(body[0]!) || !checksum(body).equals(bytes.subarray(-CHECKSUM_BYTES))) throw invalid(pointer, 'must be the next_cursor of an earlier answer, or now')
  let at = 1
  const number = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = body[at++]!
      value += (byte % 128) * factor
      if (byte < 128) return value
    }
  }
  const snapshot = readSnapshot(body[0] === FORMAT_UNLISTED, number)
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
  return { positions, ...(snapshot && { snapshot }) }
}
