import { EventEmitter } from 'node:events'
import type { Replayed } from '../journal/replayer.ts'

/** What the layers of the repository tell. */
export type Changes = EventEmitter<{
  /** A script call has made so many operations. */
  write: [operations: number]
  /** Redis can be written to again. */
  trusted: []
  /** So many operations were accepted for the journal. */
  journaled: [operations: number]
  /** Entries of the journal were made. */
  replayed: [replayed: Replayed]
}>

export const createChanges = (): Changes => new EventEmitter()
