import type { Settings } from './check.ts'
import type { Calls } from './instrument.ts'
import type { Node } from './node.ts'

/** Where the keys of one partition are: a server, which may become another one. */
export interface Shard {
  /** The hash tag that the keys must bear, `{7}`, which keeps them in one slot; empty without a Cluster. */
  tag: string
  /** `ready`: its server can be used. `lost`: it no longer can, or another one has taken over, which may hold older data. */
  on: (event: 'ready' | 'lost', listener: () => void) => unknown
  isReady: () => boolean
  /** The server that holds the partition, as far as is known. Partitions with the same one may share a call there. */
  owner: () => Node | undefined
  /**
   * What `work` does at the server that holds the partition.
   * @throws {Problem} store_unavailable when no server is known; and what `work` throws
   */
  call: <T>(work: (node: Node) => Promise<T>) => Promise<T>
}

/** The servers behind REDIS_MODE. */
export interface RedisServers {
  /** One for each partition of a Cluster; without one, one. */
  shards: readonly Shard[]
  /**
   * Resolves when all of them can be used, however long that takes.
   * @throws why not; they are tried again in the background
   */
  connect: () => Promise<void>
  /** @throws why one of them does not answer */
  ping: () => Promise<unknown>
  /** How they are set up, as far as is known; of several, what is unsafe at any. */
  settings: () => Settings
  /** Emits what becomes of every call. */
  calls: Calls
  /** ms of Redis's clock as far as it is known; undefined: it never was. */
  now: () => number | undefined
  close: () => void
}
