import t from 'tap'
import { toAsOf } from '../../src/journal/accepted.ts'
import { measureNarrowly, measureOffset, type Offset } from '../../src/util/offset.ts'

/** Clocks of which the one of Redis is ahead by 5 s, as measured with an uncertainty of 2 ms each. */
const mysql: Offset = { earliest: 1_000_000, latest: 1_000_002 }
const redis: Offset = { earliest: 1_005_000, latest: 1_005_002 }

t.test('an entry of an older version says what its instance knew of Redis\'s clock', async t => {
  t.equal(toAsOf({ acceptedAtMs: 123, clock: 'redis' }, redis, mysql), 123)
})

t.test('where MySQL\'s time alone is known, it counts as early as it can have been', async t => {
  // From 1000 to 1001 by MySQL's clock is from 5998 to 6003 by Redis's, and a version of 5998 may have come before or after.
  t.equal(toAsOf({ acceptedAtMs: 1000, clock: 'mysql', keptAtMs: 1000 }, redis, mysql), 5997)
})

t.test('what the instance knew of Redis\'s clock counts, unless MySQL\'s says that it cannot be', async t => {
  const asOf = (acceptedAtMs: number) => toAsOf({ acceptedAtMs, clock: 'redis', keptAtMs: 1000 }, redis, mysql)
  t.equal(asOf(5000), 5000, 'it waited for MySQL')
  t.equal(asOf(6003), 6003, 'the latest that it can have been')
  t.equal(asOf(6004), 5997, 'another Redis had another clock')
})

t.test('a measurement is uncertain by what the way takes, several by what the shortest way does', async t => {
  const { earliest, latest } = await measureOffset(async () => {
    await new Promise(resolve => { setTimeout(resolve, 5) })
    return performance.now() + 1000
  })
  t.ok(earliest <= 1000 && latest >= 1000 && latest > earliest)
  const narrowest = async (...measured: Offset[]) => ({ ...await measureNarrowly(async () => measured.shift()!), left: measured.length })
  const wide = { earliest: -100, latest: 100 }
  t.strictSame(await narrowest({ earliest: 0, latest: 9 }, { earliest: 3, latest: 20 }, { earliest: -5, latest: 6 }, wide, wide, wide), { earliest: 3, latest: 6, left: 1 })
  t.strictSame(await narrowest(wide, { earliest: 0, latest: 1 }, wide), { earliest: 0, latest: 1, left: 1 }, 'narrow enough')
  t.strictSame(await narrowest({ earliest: 0, latest: 5 }, { earliest: 500, latest: 505 }, { earliest: 400, latest: 600 }, { earliest: 400, latest: 600 }, { earliest: 400, latest: 600 }), { earliest: 500, latest: 505, left: 0 }, 'the clock was set meanwhile')
})
