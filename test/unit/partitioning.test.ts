import t from 'tap'
import { partitionOf, toSettings, toText, UNDIVIDED } from '../../src/tickets/partitioning.ts'

t.test('a block of consecutive ids is in one partition, the next one in the next', async t => {
  const of = (id: number) => partitionOf(id, { count: 3, block: 4 })
  t.strictSame([0, 1, 3, 4, 7, 8, 11, 12, 2 ** 53 - 1].map(of), [0, 0, 0, 1, 1, 2, 2, 0, Number((2n ** 53n - 1n) / 4n % 3n)])
  t.strictSame([0, 1, 2, 3, 4].map(id => partitionOf(id, { count: 3, block: 1 })), [0, 1, 2, 0, 1])
  t.equal(partitionOf(2 ** 53 - 1, UNDIVIDED), 0)
})

t.test('as text, and the settings that a text stands for', async t => {
  t.strictSame([{ count: 64, block: 1 }, { count: 16, block: 64 }, UNDIVIDED].map(toText), ['64', '16/64', '1'])
  t.strictSame(['64', '16/64'].map(toSettings), ['REDIS_PARTITIONS=64 and REDIS_PARTITION_BLOCK=1', 'REDIS_PARTITIONS=16 and REDIS_PARTITION_BLOCK=64'])
})
