import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.js'
import { overloaded } from '../src/errors.js'

/** Of the memory that the process may use. Near the end of that for objects it only collects garbage; near the end of all it is killed. */
const MEMORY_SHARE = 0.9

/** Of the container, or of the machine. */
const memoryMax = (): number => Math.min(process.constrainedMemory() || Infinity, totalmem())

/** Refuses what comes while the process has more to do than it can: an answer that comes too late is work for nothing. */
export default fp<{ config: Config }>(async (app, { config }) => {
  await app.register(underPressure, {
    maxEventLoopDelay: config.MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes: MEMORY_SHARE * getHeapStatistics().heap_size_limit,
    // Answers that wait to be read are not part of the heap.
    maxRssBytes: MEMORY_SHARE * memoryMax(),
    // A promise, because the plugin lets nothing be thrown.
    pressureHandler: async ({ routeOptions }, _reply, kind, value) => {
      // Nothing was measured in the last second, which is one in which the process was held up, as when it starts.
      if (value === Infinity) return
      // Whether the process is alive is asked all the more then.
      if (routeOptions.config.access !== 'public') throw overloaded(new Error(`${kind} ${value}`))
    },
  })
}, { name: 'overload' })
