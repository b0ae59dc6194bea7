import { createLimit } from '../util/limit.ts'

/** A part of the work, which does not keep others from being asked for. */
export type Work = () => Promise<void>

/**
 * Does what `next` gives until it gives nothing: up to `count` at a time, but asked for one by one.
 * After a failure nothing is asked for any more, and what is in work is brought to its end.
 *
 * @throws the first failure
 */
export async function inLanes (count: number, next: () => Promise<Work | undefined>): Promise<void> {
  const inTurn = createLimit(1)
  const failures: unknown[] = []
  const askUnlessFailed = async () => failures.length > 0 ? undefined : await next()

  async function lane () {
    try {
      for (let work = await inTurn(askUnlessFailed); work; work = await inTurn(askUnlessFailed)) await work()
    } catch (error) {
      failures.push(error)
    }
  }

  await Promise.all(Array.from({ length: count }, lane))
  if (failures.length > 0) throw failures[0]
}
