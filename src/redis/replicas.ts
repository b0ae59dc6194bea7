import type { Redis } from 'ioredis'
import { outcomeUnknown, type Problem } from '../errors.ts'
import { RedisError } from './failure.ts'

/** Of the time that is left: Redis's own answer, with the count, comes before this side gives up. */
const SHARE = 0.8

/**
 * Waits until `count` replicas have what `writer` has written so far; undefined: they have.
 * One WAIT for everything before it (https://redis.io/docs/latest/commands/wait/). It has to be sent by
 * the connection that wrote, and after the answer: sent together with a script that Redis does not
 * know, it would come before the repetition.
 */
export const createReplicaWait = (writer: Redis, count: number) => async (timeoutMs: number): Promise<Problem | undefined> => {
  try {
    // 0 would be for ever.
    const confirmed = await writer.wait(count, Math.max(1, Math.floor(timeoutMs * SHARE)))
    if (confirmed >= count) return undefined
    return outcomeUnknown(new RedisError('unconfirmed', `${confirmed} of REDIS_WAIT_REPLICAS=${count} replicas have confirmed the change`))
  } catch (error) {
    return outcomeUnknown(error)
  }
}
