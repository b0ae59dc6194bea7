import { Registry, collectDefaultMetrics } from 'prom-client'

let registry: Registry | undefined

/**
 * What is the process's and not an app's: memory, CPU, garbage collections, event-loop delay. Measured once,
 * however many apps a process builds: prom-client cannot stop what it has begun to observe. It keeps no
 * process alive.
 */
export function processMetrics () {
  if (!registry) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry })
  }
  return registry.getMetricsAsArray().map(({ name }) => registry!.getSingleMetric(name)!)
}
