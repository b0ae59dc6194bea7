import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { overloaded } from '../src/errors.ts'
import { REFUSALS, type Refusal } from '../src/util/budget.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts work that was refused, because too much waits or is in memory. */
    countOverload: (refusal: Refusal) => void
  }
}

/** Of the memory that the process may use. Near the end of that for objects it only collects garbage; near the end of all it is killed. */
const MEMORY_SHARE = 0.9

/** Of the container, or of the machine. */
const memoryMax = (): number => Math.min(process.constrainedMemory() || Infinity, totalmem())

/** Refuses what comes while the process has more to do than it can: an answer that comes too late is work for nothing. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { isUnderPressure, memoryUsage } = await measure(app, config)
  const overloads = app.metrics.counter({
    name: 'tickets_overloaded_total',
    help: 'Requests, reads and writes that were refused with overloaded: caller (it holds its share of what may wait or be in memory), all (all callers together hold so much), late (it waited for too long before it could be sent), process (it is behind its work, or its memory is nearly full)',
    label: 'reason',
    values: [...REFUSALS, 'process'] as const,
  })
  app.decorate('countOverload', refusal => { overloads.inc({ reason: refusal }) })

  app.addHook('onRequest', ({ route }, _reply, done) => {
    // Whether the process is alive is asked all the more then.
    if (!isUnderPressure() || route.config.access === 'public') {
      done()
      return
    }
    const { eventLoopDelay, heapUsed, rssBytes } = memoryUsage()
    // Infinity: nothing was measured in the last second, which is one in which the process was held up, as when it starts.
    if (eventLoopDelay === Infinity) {
      done()
      return
    }
    overloads.inc({ reason: 'process' })
    done(overloaded(new Error(`event loop delay ${eventLoopDelay} ms, heap ${heapUsed}, memory ${rssBytes}`)))
  })
}, { name: 'overload', dependencies: ['metrics', 'route'] })

/** In a context that has no routes: what the plugin does itself at each request costs more than the question. */
async function measure (app: FastifyInstance, { MAX_EVENT_LOOP_DELAY_MS: maxEventLoopDelay }: Config) {
  let measured = app
  await app.register(async context => {
    await context.register(underPressure, {
      maxEventLoopDelay,
      maxHeapUsedBytes: MEMORY_SHARE * getHeapStatistics().heap_size_limit,
      // Answers that wait to be read are not part of the heap.
      maxRssBytes: MEMORY_SHARE * memoryMax(),
    })
    measured = context
  })
  const { isUnderPressure, memoryUsage } = measured
  return { isUnderPressure, memoryUsage }
}
