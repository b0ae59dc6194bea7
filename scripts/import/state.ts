/** How far an import is, in a file beside the one that is imported, so that it goes on where it has ended. */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, ftruncateSync, fsyncSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { Failure } from '../lib/main.mjs'
import type { Refused } from './batches.ts'
import type { Position } from './records.ts'

/** What tells a file from another: by its beginning, because more may be added to its end. */
const HEAD_BYTES = 64 * 1024

export interface Counts {
  imported: number
  /** They were there already, as the file has them. */
  existing: number
  refused: number
}

interface Saved extends Counts, Position {
  head: string
  headBytes: number
  /** Bytes of the file of refused lines that belong to this. */
  refusedBytes: number
}

/** @throws {Failure} when the state is of another file */
export function openState (file: string, isRestart: boolean) {
  const path = `${file}.import-state.json`
  const refusedPath = `${file}.refused.ndjson`
  const saved = !isRestart && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as Saved : undefined
  if (saved && saved.head !== headOf(file, saved.headBytes).hash) {
    throw new Failure(`${path} is of another file: ${file} was changed since. Import it anew with --restart; tickets that are there already stay as they are`)
  }
  const { bytes: headBytes, hash: head } = headOf(file, HEAD_BYTES)
  const state: Saved = saved ?? { head, headBytes, offset: 0, line: 1, refusedBytes: 0, imported: 0, existing: 0, refused: 0 }
  if (!saved) rmSync(refusedPath, { force: true })
  let refusedFile: number | undefined

  function openRefused (): number {
    const descriptor = openSync(refusedPath, existsSync(refusedPath) ? 'r+' : 'w', 0o600)
    // What was refused after the state was saved comes again.
    ftruncateSync(descriptor, state.refusedBytes)
    return descriptor
  }

  return {
    path,
    refusedPath,
    /** Where to go on, and what was done before. */
    state: state as Readonly<Saved>,

    /** A batch is done. */
    add (end: Position, { imported, existing }: Omit<Counts, 'refused'>, refused: readonly Refused[]) {
      if (refused.length > 0) {
        refusedFile ??= openRefused()
        const text = refused.map(each => `${JSON.stringify(each)}\n`).join('')
        state.refusedBytes += writeSync(refusedFile, text, state.refusedBytes)
      }
      state.offset = end.offset
      state.line = end.line
      state.imported += imported
      state.existing += existing
      state.refused += refused.length
    },

    /** Survives a crash of the machine, whole or as it was before. */
    save () {
      if (refusedFile !== undefined) fsyncSync(refusedFile)
      const descriptor = openSync(`${path}.new`, 'w', 0o600)
      writeFileSync(descriptor, JSON.stringify(state))
      fsyncSync(descriptor)
      closeSync(descriptor)
      renameSync(`${path}.new`, path)
    },
  }
}

export type ImportState = ReturnType<typeof openState>

/** @param bytesMax of the beginning, of which there may be fewer */
function headOf (file: string, bytesMax: number): { bytes: number, hash: string } {
  const descriptor = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(bytesMax)
    const bytes = readSync(descriptor, buffer, 0, bytesMax, 0)
    return { bytes, hash: createHash('sha256').update(buffer.subarray(0, bytes)).digest('hex') }
  } finally {
    closeSync(descriptor)
  }
}
