import { createLimit } from '../limit.js'

/**
 * Works through what `next` gives until it gives nothing: up to `count` at a time, but asked for one by one.
 * After a failure nothing is asked for any more, and what is in work is brought to its end.
 *
 * @throws the first failure
 */
export async function inLanes<Item> (count: number, next: () => Promise<Item | undefined>, work: (item: Item) => Promise<void>): Promise<void> {
  const inTurn = createLimit(1)
  const failures: unknown[] = []
  const askUnlessFailed = async () => failures.length > 0 ? undefined : await next()

  async function lane () {
    try {
      for (let item = await inTurn(askUnlessFailed); item !== undefined; item = await inTurn(askUnlessFailed)) await work(item)
    } catch (error) {
      failures.push(error)
    }
  }

  await Promise.all(Array.from({ length: count }, lane))
  if (failures.length > 0) throw failures[0]
}
