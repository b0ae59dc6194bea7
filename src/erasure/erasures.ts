import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { Problem } from '../errors.ts'
import type { Journal } from '../journal/journal.ts'
import { DatabaseUnavailable } from '../mysql/failure.ts'
import type { TicketEvents } from '../tickets/events.ts'
import { createTicker } from '../util/ticker.ts'
import { createPass, type PassOptions } from './pass.ts'
import type { Erased, Erasure, ErasureRequests, Waiting } from './requests.ts'

/** How soon an erasure is seen that another instance has taken and not ended. */
const LOOK_EVERY_MS = 5000

/** Between two passes of one that is not done. */
const AGAIN_MS = 500

/** Erasures that are worked on in one look, one after the other. */
const OPEN_MAX = 100

export interface ErasuresOptions extends Omit<PassOptions, 'journal'> {
  requests: ErasureRequests
  journal: Pick<Journal, 'find' | 'remove' | 'last'>
  /** ms of Redis's clock, of all shards the latest. */
  redisNow: () => Promise<number>
  events: TicketEvents
  log: FastifyBaseLogger
}

/** Somebody else's by now, or the service stops. */
class Interrupted extends Error {}

/** Erases customers: what is asked for is in MySQL, and whichever instance is there goes on with it. */
export function createErasures ({ requests, journal, redisNow, events, log, ...options }: ErasuresOptions) {
  const owner = randomUUID()
  const stopping = new AbortController()
  const pass = createPass({ ...options, journal, log })

  async function progress ({ erasure_id: id }: Erasure, erased: Erased) {
    await requests.add(id, erased)
    events.emit('erased', erased.tickets)
    if (stopping.signal.aborted || !await requests.lease(id, owner)) throw new Interrupted()
  }

  /** Resolves with whether it is done. */
  async function work (erasure: Erasure): Promise<boolean> {
    const { erasure_id: id } = erasure
    if (!await requests.lease(id, owner)) return true
    const { isClean, waiting } = await pass(erasure, erased => progress(erasure, erased)).catch((error: unknown) => {
      if (error instanceof Interrupted) return { isClean: false, waiting: null }
      log.warn({ err: error, erasure_id: id }, 'an erasure was interrupted; it goes on by itself')
      return { isClean: false, waiting: (error instanceof DatabaseUnavailable ? 'mysql' : 'redis') as Waiting }
    })
    if (isClean && await requests.finish(erasure)) {
      log.info({ erasure_id: id }, 'an erasure is done: neither Redis, nor MySQL, nor the journal holds anything of the customer')
      return true
    }
    await requests.setWaiting(id, waiting)
    return false
  }

  const ticker = createTicker({
    async run () {
      let isOpen = false
      for (const erasure of await requests.open(OPEN_MAX)) {
        if (stopping.signal.aborted) return
        if (!await work(erasure)) isOpen = true
      }
      if (isOpen) ticker.wake(AGAIN_MS)
    },
    intervalMs: LOOK_EVERY_MS,
    onError: error => { if (!stopping.signal.aborted) log.warn({ err: error }, 'MySQL could not be asked for erasures; they go on when it answers') },
  })

  return {
    /**
     * Has all of the customer erased that is there now, unless that is being done. Resolves when a new second has begun: created_at, by
     * which later tickets are told where nothing else tells, is in seconds.
     * @throws {Problem} store_unavailable: MySQL does not take it
     */
    async request (customerId: number): Promise<Erasure> {
      // While Redis is unavailable nothing is created there, and its clock is about this one.
      const nowMs = await redisNow().catch(() => Date.now())
      const measuredAt = performance.now()
      const upToMs = Math.floor(nowMs / 1000) * 1000 + 999
      const erasure = await requests.request(customerId, upToMs, await journal.last())
      await sleep(upToMs + 1 - nowMs - (performance.now() - measuredAt))
      ticker.wake(0)
      return erasure
    },

    /** @throws {Problem} erasure_not_found; store_unavailable */
    async get (id: number): Promise<Erasure> {
      const erasure = await requests.get(id)
      if (!erasure) throw new Problem('erasure_not_found', `There is no erasure ${id}. POST /erasures begins one.`)
      return erasure
    },

    backlog: requests.backlog,
    start () { ticker.start() },
    async stop () {
      stopping.abort()
      await ticker.stop()
    },
  }
}

export type Erasures = ReturnType<typeof createErasures>
