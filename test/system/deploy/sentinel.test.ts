import { join } from 'node:path'
import t from 'tap'
import { makeCertificates } from '../../../scripts/lib/certificates.mjs'
import { startSentinelSet } from '../../../scripts/lib/sentinel-set.mjs'
import { privateDirectory } from '../../helper.ts'

t.test('replica.conf and sentinel.conf: a replica takes the place of a master that was killed', async t => {
  const directory = privateDirectory(t)
  const set = await startSentinelSet({ directory, tls: await makeCertificates({ directory: join(directory, 'tls') }) })
  t.teardown(() => set.stop())
  const old = await set.master()
  t.equal(old, set.nodes[0])
  await set.call(old, 'HSET', 'ticket:1', 'customer_id', 1)
  await set.untilInSync()

  await old.kill()
  const promoted = await set.untilMaster(node => node !== old)
  t.equal(await set.call(promoted, 'HGET', 'ticket:1', 'customer_id'), '1')
  await set.call(promoted, 'HSET', 'ticket:1', 'customer_id', 2)

  await old.restart()
  await set.untilInSync()
  t.equal(await set.master(), promoted, 'the old one follows the new one')
  t.equal(await set.call(old, 'HGET', 'ticket:1', 'customer_id'), '2')
  await old.restart()
  await set.untilInSync()
  t.match(await set.call(old, 'INFO', 'replication'), /role:slave/, 'also after the next start')

  await promoted.restart()
  await set.untilInSync()
  t.equal(await set.master(), promoted, 'a master that was promoted starts as one')
  for (const server of [...set.nodes, ...set.sentinels]) {
    t.strictSame(await set.call(server, 'ACL', 'LOG'), [], `${server.name} has refused nothing`)
  }
})
