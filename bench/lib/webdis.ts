/** Webdis as a contender, in the same way wherever something is measured beside it. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender, type Slice } from './contender.ts'
import { withRedis } from './databases.ts'
import { webdisCreate } from './requests.ts'
import type { Redis, Stage } from './stage.ts'

/**
 * These serve it best: with the 64 of the service a fifth of its core is idle, with 512 it is as fast and answers later, with
 * 1024 it is slower.
 */
export const WEBDIS_CONNECTIONS = 256

/** The share of its answers that may have no ticket behind them: 5 of 39,990 were seen. More would be another work. */
const MISSING_MAX = 0.001

export async function webdisContender ({ stage, redis, name = 'webdis', connections = WEBDIS_CONNECTIONS, seconds }: {
  stage: Stage, redis: Redis, seconds: number, name?: string, connections?: number
}): Promise<ReturnType<typeof contender>> {
  const each = contender({ stage, seconds, name, server: await stage.webdis(redis), connections, requests: [webdisCreate()], statuses: [200] })
  const countKeys = () => withRedis(redis, client => client.dbsize())
  return {
    ...each,
    async measure (isStrict, how): Promise<Slice> {
      const before = await countKeys()
      const slice = await each.measure(isStrict, how)
      // Its status is 200 whatever Redis says.
      const more = await countKeys() - before
      if (more < slice.requests * (1 - MISSING_MAX)) throw new Failure(`Webdis answered ${slice.requests} requests, and Redis has ${more} tickets more`)
      return slice
    },
  }
}
