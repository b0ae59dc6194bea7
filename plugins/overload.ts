import { getHeapStatistics } from 'node:v8'
import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.js'
import { overloaded } from '../src/errors.js'

/** Of the memory that the process may use for objects; near its end it only collects garbage. */
const HEAP_SHARE = 0.9

/** Refuses what comes while the process has more to do than it can: an answer that comes too late is work for nothing. */
export default fp<{ config: Config }>(async (app, { config }) => {
  await app.register(underPressure, {
    maxEventLoopDelay: config.MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes: HEAP_SHARE * getHeapStatistics().heap_size_limit,
    // A promise, because the plugin lets nothing be thrown.
    pressureHandler: async ({ routeOptions }, _reply, kind, value) => {
      // Nothing was measured in the last second, which is one in which the process was held up, as when it starts.
      if (value === Infinity) return
      // Whether the process is alive is asked all the more then.
      if (routeOptions.config.access !== 'public') throw overloaded(new Error(`${kind} ${value}`))
    },
  })
}, { name: 'overload' })
