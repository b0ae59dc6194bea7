import type { Checkpoint, Seen } from '../store/checkpoint.ts'
import type { ResyncCounts, ResyncState, ResyncStore } from '../store/resync-store.ts'
import { createCompare, type Compared, type CompareOptions } from './compare.ts'

export interface ShardResyncOptions extends Omit<CompareOptions, 'store'> {
  store: ResyncStore
  checkpoint: Pick<Checkpoint, 'seen'>
  /** Has creates ask MySQL again which ids it holds: those of another table or backup may be others. */
  forgetArchived: () => Promise<void>
  /** Among all shards. */
  index: number
}

/** What became of a resync: how much was compared, since the last time that it was told. */
type Progress = (counts: ResyncCounts) => void

/** The resync of one shard: its tickets are walked through, compared with MySQL, and what MySQL lacks is made due. */
export function createShardResync ({ store, checkpoint, forgetArchived, index, ...options }: ShardResyncOptions) {
  const compare = createCompare({ ...options, store })
  let connection = 0
  // Witnesses that MySQL held at the last look, of which Redis keeps only the last ones, and the resync that came before.
  let verified = { witnesses: new Map<number, number>(), number: 0 }
  // What was learnt of the resync after a checkpoint, until the next one.
  let latest: { after: Seen, state: ResyncState } | undefined

  function known (): Seen['resync'] {
    const seen = checkpoint.seen()
    if (latest?.after !== seen) return seen.resync
    const { number, state, reason } = latest.state
    return { number, ...(state !== 'idle' && { openFor: reason ?? 'requested' }) }
  }

  const openFor = () => known().openFor

  const learn = (state: ResyncState) => { latest = { after: checkpoint.seen(), state } }

  async function act (acting: Promise<{ isDone: boolean, state: ResyncState }>): Promise<ResyncState | undefined> {
    const { isDone, state } = await acting
    learn(state)
    return isDone ? state : undefined
  }

  /** Resolves when it has come to the end; undefined: another instance works on it. */
  async function walk (owner: string, counts: ResyncCounts, signal: AbortSignal, progress: Progress): Promise<ResyncState | undefined> {
    const onConnection = connection
    for await (const standings of store.walk()) {
      signal.throwIfAborted()
      const compared = await compare(standings)
      if (onConnection !== connection) throw new Error('the connection was lost while tickets were compared')
      const page = countOf(compared)
      for (const name of ['compared', 'marked', 'loaded'] as const) counts[name] += page[name]
      progress(page)
      if (!await act(store.renew(owner, counts))) return undefined
    }
    return await act(store.finish(owner, counts))
  }

  return {
    index,

    /** Why a resync is needed or running, as far as this instance knows; undefined: none is. */
    openFor,

    /** Compares these now. */
    compare: async (ids: readonly number[]): Promise<Compared[]> => await compare(await store.standings(ids)),

    /** The tickets that MySQL is known to have held, and their versions. None while a resync is open: it looks at all of them. */
    witnesses (): Map<number, number> {
      if (openFor()) return new Map()
      const { witnesses } = checkpoint.seen()
      return verified.number === known().number ? new Map([...verified.witnesses, ...witnesses]) : witnesses
    },

    /** MySQL holds these. */
    verify (witnesses: Map<number, number>) { verified = { witnesses, number: known().number } },

    /** Resolves with whether this call has begun it: not where one is open. */
    request: async (): Promise<boolean> => await act(store.need('requested')) !== undefined,

    /** MySQL has lost what it had. Resolves with whether nobody has said so since this instance looked. */
    tellLoss: async (): Promise<boolean> => await act(store.need('mysql_lost', known().number)) !== undefined,

    async read (): Promise<ResyncState> {
      const state = await store.read()
      learn(state)
      return state
    },

    /** To be called when the connection is lost: who answers next may hold other tickets. */
    markStale () { connection += 1 },

    /**
     * Works on the resync that is open, from its beginning, unless another instance does.
     * @returns what it has done; undefined: another instance does it
     * @throws what Redis or MySQL failed with, or the signal; the next call begins again
     */
    async work (owner: string, signal: AbortSignal, progress: Progress): Promise<ResyncState | undefined> {
      if (!await act(store.begin(owner))) return undefined
      const counts: ResyncCounts = { compared: 0, marked: 0, loaded: 0 }
      try {
        await forgetArchived()
        return await walk(owner, counts, signal, progress)
      } catch (error) {
        // The lease ends by itself where this fails, too.
        await act(store.leave(owner, counts)).catch(() => {})
        throw error
      }
    },
  }
}

export type ShardResync = ReturnType<typeof createShardResync>

function countOf (compared: readonly Compared[]): ResyncCounts {
  const count = (state: Compared['state']) => compared.filter(ticket => ticket.state === state).length
  return { compared: compared.length, marked: count('marked'), loaded: count('loaded') }
}
