/** A server under load, a slice at a time. */
import type { Server } from '../../scripts/lib/server.mjs'
import type { Stage, WebServer } from './stage.ts'
import { type Ids, takeIds } from './tickets.ts'
import { cpuOf } from './usage.ts'
import { type Answered, NothingAnswered, load, type Load } from './wrk.ts'

/** More than any server takes in one slice. */
const IDS_PER_SLICE = 10_000_000

/** A slice without an answer was too short for its rate, on a busy machine or a server that has just been started: another follows, twice as long, up to so many times as long. */
const LONGEST_SLICE = 16

export interface Slice extends Omit<Answered, 'lastId'> {
  /** CPU of the server for one ticket. */
  cpu_us: number | undefined
  /** The new ones that were sent. */
  ids: Ids
}

export interface ContenderOptions extends Pick<Load, 'requests' | 'statuses' | 'seconds' | 'connections' | 'knownIds'> {
  name: string
  stage: Stage
  server: WebServer
  ticketsPerRequest?: number
  /** Of a slice while warming up. Default: as of any other. */
  warmupSeconds?: number
  /** Whose CPU counts too. */
  helpers?: readonly Server[]
  /** Takes away what each slice has created, outside of its time. */
  cleanUp?: (ids: Ids) => Promise<void>
}

/** Its rates are of tickets. */
export function contender ({ name, stage, server, statuses, ticketsPerRequest = 1, helpers = [], cleanUp, seconds, warmupSeconds = seconds, ...options }: ContenderOptions) {
  const directory = stage.ownPlace(name.replaceAll(/\W+/g, '-'))
  return {
    name,
    /** @param isStrict look at the status of every answer: that makes the load dearer, and is done while warming up */
    async measure (isStrict: boolean, how: { pauseMs?: number, seconds?: number } = {}): Promise<Slice> {
      return await measureUntilAnswered(isStrict, { seconds: isStrict ? warmupSeconds : seconds, ...how })
    },
  }

  async function measureUntilAnswered (isStrict: boolean, how: { pauseMs?: number, seconds: number }, longer = 1): Promise<Slice> {
    try {
      return await measureSlice(isStrict, { ...how, seconds: how.seconds * longer })
    } catch (error) {
      if (!(error instanceof NothingAnswered) || longer === LONGEST_SLICE) throw error
      return await measureUntilAnswered(isStrict, how, longer * 2)
    }
  }

  async function measureSlice (isStrict: boolean, how: { pauseMs?: number, seconds: number }): Promise<Slice> {
    const newIds = takeIds(IDS_PER_SLICE)
    const groups = [server, ...helpers].map(({ pid }) => pid)
    const before = cpuOf(groups)
    // wrk makes one request that it does not send.
    const idsUntil = (lastId: number) => ({ first: newIds + 1, count: lastId - newIds })
    const { lastId, ...answered } = await load({ ...options, url: server.url, directory, statuses: isStrict ? statuses : [], newIds, ...how }).catch(async (error: unknown) => {
      if (error instanceof NothingAnswered) await cleanUp?.(idsUntil(error.lastId))
      throw error
    })
    const after = cpuOf(groups)
    const slice = {
      ...answered,
      rate: answered.rate * ticketsPerRequest,
      cpu_us: before === undefined || after === undefined ? undefined : (after - before) / (answered.requests * ticketsPerRequest),
      ids: idsUntil(lastId),
    }
    await cleanUp?.(slice.ids)
    return slice
  }
}

/**
 * The same program in two processes. What the compiler decides while it runs differs from process to process, and makes one
 * of them faster than the other for as long as it lives: the mean of two is nearer to what the program can do.
 */
export function twins ({ servers: [one, other], ...options }: Omit<ContenderOptions, 'server'> & { servers: readonly [WebServer, WebServer] }) {
  const [first, second] = [contender({ ...options, server: one }), contender({ ...options, server: other })]
  return { name: options.name, measure: async (isStrict: boolean) => meanOf(await first.measure(isStrict), await second.measure(isStrict)) }
}

export function meanOf (one: Slice, other: Slice): Slice {
  const mean = (a: number, b: number) => (a + b) / 2
  return {
    requests: one.requests + other.requests,
    rate: mean(one.rate, other.rate),
    p50_ms: mean(one.p50_ms, other.p50_ms),
    p99_ms: mean(one.p99_ms, other.p99_ms),
    cpu_us: one.cpu_us === undefined || other.cpu_us === undefined ? undefined : mean(one.cpu_us, other.cpu_us),
    ids: other.ids,
  }
}

/** Of servers that have worked side by side. */
export function sumOf (slices: readonly Slice[]): Slice {
  const requests = slices.reduce((sum, slice) => sum + slice.requests, 0)
  const mean = (figure: (slice: Slice) => number) => slices.reduce((sum, slice) => sum + figure(slice) * slice.requests, 0) / requests
  return {
    requests,
    rate: slices.reduce((sum, { rate }) => sum + rate, 0),
    p50_ms: mean(({ p50_ms: p50 }) => p50),
    p99_ms: Math.max(...slices.map(({ p99_ms: p99 }) => p99)),
    cpu_us: slices.some(({ cpu_us: cpu }) => cpu === undefined) ? undefined : mean(({ cpu_us: cpu }) => cpu!),
    ids: slices.at(-1)!.ids,
  }
}
