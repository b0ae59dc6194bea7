import t from 'tap'
import { createShardedDeadLetters } from '../../src/shards/backlog.ts'
import { createShards } from '../../src/shards/shards.ts'
import type { DeadLetters } from '../../src/store/dead-letters.ts'
import { CLAIM_BYTES_MAX, type DueIndex } from '../../src/store/due-index.ts'
import { claimBatches } from '../../src/sync/claim-batches.ts'

t.test('the shards of a batch share its bytes', async t => {
  const asked: { bytesMax: number, ticketsMax: number }[] = []
  const claim: DueIndex['claim'] = async ({ bytesMax = Infinity, ticketsMax }) => {
    asked.push({ bytesMax, ticketsMax })
    return { nowMs: 0, lease: '', tickets: [], since: new Map(), firstVersions: new Map(), corrupt: [], vanished: [], left: 0, newer: 0 }
  }
  for (const [shards, batchSize, turns] of [[1, 500, 1], [64, 500, 2], [1024, 2000, 32]] as const) {
    asked.length = 0
    const next = claimBatches(createShards(Array.from({ length: shards }, () => ({ dueIndex: { claim } as DueIndex })), { count: shards, block: 1 }))
    let batches = 0
    for (let hasMore = true; hasMore; batches += 1) {
      asked.length = 0
      hasMore = (await next(1000, batchSize)).hasMore
      const bytes = asked.reduce((sum, { bytesMax }) => sum + bytesMax, 0)
      t.ok(bytes <= CLAIM_BYTES_MAX && bytes > CLAIM_BYTES_MAX / 2, `${asked.length} of ${shards} shards: ${bytes} bytes`)
      t.ok(asked.reduce((sum, { ticketsMax }) => sum + ticketsMax, 0) <= batchSize)
    }
    t.equal(batches, turns)
  }
})

t.test('dead letters of several shards, of which one ends its page early, are each listed once, in their order', async t => {
  const letter = (score: number, id: number) => ({ ticket_id: id, attempts: 1, reason: 'x'.repeat(id === 2 ? 1000 : 10), died_at: 0, position: { score: String(score), id: String(id) } })
  const shard = (letters: ReturnType<typeof letter>[]) => ({
    deadLetters: {
      // As dead.lua: bounded in letters and bytes, passed by one.
      async list (limit, after) {
        const rest = letters.filter(({ position: { score, id } }) => !after || Number(score) > Number(after.score) || (score === after.score && id > after.id))
        const page: typeof letters = []
        let bytes = 0
        for (const each of rest.slice(0, limit)) {
          if (bytes >= 1000) break
          bytes += each.reason.length
          page.push(each)
        }
        return { total: letters.length, deadLetters: page, ...(page.length < rest.length && { next: page.at(-1)!.position }) }
      },
    } as DeadLetters,
  })
  const all = createShardedDeadLetters(createShards([
    shard([letter(1, 2), letter(3, 4), letter(5, 6), letter(5, 8)]),
    shard([letter(2, 1), letter(4, 3), letter(5, 5), letter(5, 7), letter(9, 9)]),
  ], { count: 2, block: 1 }))
  for (const limit of [1, 2, 3, 4, 100]) {
    const ids: number[] = []
    for (let page = await all.list(limit); ; page = await all.list(limit, page.next)) {
      ids.push(...page.deadLetters.map(({ ticket_id: id }) => id))
      t.ok(page.deadLetters.length > 0 && page.deadLetters.length <= limit)
      if (!page.next) break
    }
    t.strictSame(ids, [2, 1, 4, 3, 5, 6, 7, 8, 9], `in pages of ${limit}`)
  }
})
