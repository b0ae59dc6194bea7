import t from 'tap'
import { eventually, privateMariadb } from '../helper.js'
import { cycles } from './harness/cycles.js'
import { createRig } from './harness/rig.js'

/** REDIS_COMMAND_TIMEOUT_MS, and as much again for a busy machine. */
const ANSWER_WITHIN_MS = 2000

t.test('a frozen MySQL holds up no write, and is held against no ticket', async t => {
  const mariadb = await privateMariadb(t)
  const rig = await createRig(t, { mysql: mariadb.url, answerWithinMs: ANSWER_WITHIN_MS })
  const { ledger, stores: { redis, prefix } } = rig
  const service = await rig.start({ SYNC_STRATEGY: 'event' })
  const load = rig.load(service)

  await cycles(t, async name => {
    load.resume()
    await ledger.acknowledged(200)
    // So that no create is under way with an id that has become lower than MySQL's highest: it would have to ask MySQL.
    await load.pause()
    const failures = service.count(/the flush failed/)
    await mariadb.pause()
    load.resume()
    await ledger.acknowledged(200)
    await eventually(async () => {
      if (service.count(/the flush failed/) < failures + 2) throw new Error('no flush has failed')
    })
    await ledger.acknowledged(200)
    await load.pause()
    mariadb.resume()
    await rig.check(service, name)
    t.match(ledger.counts, { refused: 0, doubtful: 0 }, 'every write was acknowledged')
    t.equal(await redis.exists(`${prefix}tickets:failures`), 0, 'nothing is counted against a ticket')
  })
})
