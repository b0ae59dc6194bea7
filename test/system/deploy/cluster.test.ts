import { join } from 'node:path'
import calculateSlot from 'cluster-key-slot'
import t from 'tap'
import { makeCertificates } from '../../../scripts/lib/certificates.mjs'
import { startCluster } from '../../../scripts/lib/redis-cluster.mjs'
import { privateDirectory } from '../../helper.ts'

t.test('cluster-node.conf and form-cluster.sh: slots move with their keys, a replica takes over', async t => {
  const directory = privateDirectory(t)
  const cluster = await startCluster({ directory, tls: await makeCertificates({ directory: join(directory, 'tls') }) })
  t.teardown(() => cluster.stop())
  const [first, second] = await cluster.masters()
  if (!first || !second) throw new Error('there are no masters')

  // Reshard takes the lowest slots of its source.
  const [lowest = 0] = await cluster.slotsOf(first)
  const tag = Array.from({ length: 16_384 }, (_, i) => `{${i}}`).find(each => calculateSlot(each) - lowest >= 0 && calculateSlot(each) - lowest < 100)!
  await cluster.call(first, 'HSET', `${tag}ticket:1`, 'customer_id', 1)
  await cluster.moveSlots(first, second, 100)
  t.equal(await cluster.masterOf(tag), second, 'its slot has moved')
  t.equal(await cluster.call(second, 'HGET', `${tag}ticket:1`, 'customer_id'), '1')

  const [replica] = await cluster.replicasOf(second)
  await cluster.call(second, 'WAIT', 1, 0)
  await second.kill()
  await cluster.untilMaster(replica!)
  t.equal(await cluster.call(replica!, 'HGET', `${tag}ticket:1`, 'customer_id'), '1')
  await second.restart()
  await cluster.untilWhole()
  t.strictSame(await cluster.replicasOf(replica!), [second])
  for (const node of cluster.nodes) t.strictSame(await cluster.call(node, 'ACL', 'LOG'), [], `${node.name} has refused nothing`)
})
