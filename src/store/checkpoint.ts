import { randomUUID } from 'node:crypto'
import { ConfigError } from '../config.ts'
import { FIELD_LIST } from '../tickets/fields.ts'
import type { Keys } from '../tickets/keys.ts'
import { toSettings, toText, type Partitioning } from '../tickets/partitioning.ts'
import { toReason, type ResyncReason } from './resync-store.ts'
import type { Scripts } from './scripts.ts'

/** What is known of the unsynced tickets of a shard, so that those can be counted that vanish. */
export interface Figures {
  /** Goes with the data: another name is other data. */
  name: string
  /** Tickets, dead letters among them. */
  unsynced: number
  /** Marks that have gone on purpose so far. */
  removed: number
}

/** What the last checkpoint has seen. */
export interface Seen {
  /** Some of the tickets that MySQL took last, and their versions. */
  witnesses: Map<number, number>
  /** Of the last resync. */
  resync: { number: number, openFor?: ResyncReason }
}

export interface CheckpointOptions {
  /** How the tickets are divided. */
  partitioning: Partitioning
  /** This number of unsynced tickets is gone. */
  onVanished: (tickets: number) => void
}

/**
 * The record of the server on which the data was last in step with MySQL, and of what was there: each instance remembers how many
 * unsynced tickets it has seen, and finds out when they are gone.
 */
export function createCheckpoint (scripts: Scripts, keys: Keys, { partitioning, onVanished }: CheckpointOptions) {
  let known: Figures & { server: string } | undefined
  let seen: Seen = { witnesses: new Map(), resync: { number: 0 } }

  return {
    /**
     * @param compared 1: the data has been compared with MySQL
     * @returns as checkpoint.lua answers
     * @throws {ConfigError} when the tickets are divided otherwise
     */
    async record (compared: 0 | 1): Promise<number> {
      const reply = await scripts.checkpoint(
        [keys.checkpoint, keys.partitions, keys.fields, keys.due, keys.dead, keys.synced, keys.resync, keys.acknowledged],
        [
          compared, toText(partitioning), randomUUID(),
          ...known ? [known.name, known.server, known.unsynced, known.removed] : ['', '', '', ''],
          ...FIELD_LIST.map(({ name }) => name),
        ],
      ) as string | [number, number, string, string, number, number, string, number, string, string]
      if (typeof reply === 'string') throw new ConfigError(`the tickets in Redis were written with ${toSettings(reply)}, and this is ${toSettings(toText(partitioning))}: set what they were written with`)
      const [answer, vanished, name, server, unsynced, removed, last, number, state, reason] = reply
      known = { name, server, unsynced, removed }
      seen = { witnesses: parseWitnesses(last), resync: { number, ...((state === 'needed' || state === 'running') && { openFor: toReason(reason) }) } }
      if (vanished > 0) onVanished(vanished)
      return answer
    },

    /** What somebody else has read meanwhile. What looks like a loss is left for `record`, which tells it once. */
    note (figures: Figures) {
      if (known?.name !== figures.name || figures.removed < known.removed) return
      if (figures.unsynced < known.unsynced - (figures.removed - known.removed)) return
      known = { ...known, ...figures }
    },

    seen: () => seen,
  }
}

export type Checkpoint = ReturnType<typeof createCheckpoint>

/** @param text 'ID:VERSION ID:VERSION' */
const parseWitnesses = (text: string) =>
  new Map(Array.from(text.matchAll(/(\d+):(\d+)/g), ([, id, version]) => [Number(id), Number(version)] as const))
