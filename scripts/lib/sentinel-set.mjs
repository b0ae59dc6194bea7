/** A master, its replicas and their Sentinels, from the files of deploy/redis. */
import { join } from 'node:path'
import { LOOPBACK } from './loopback.mjs'
import { callNode, connectTo, expectSoon, parseInfo, parsePairs, range, startNode } from './redis-nodes.mjs'
import { newPasswords } from './redis-users.mjs'

/** As deploy/redis/sentinel.conf has it. */
const NAME = 'tickets'

/** @typedef {import('./server.mjs').Server} Server */

/** @typedef {Awaited<ReturnType<typeof startSentinelSet>>} SentinelSet */

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {number} [options.replicas]
 * @param {number} [options.sentinels]
 * @param {number} [options.downAfterMs] shorter than the file says, for tests that wait for it. Sentinels ask once a
 *   second: with 1000 a master that was just elected counts as down
 * @param {number} [options.failoverTimeoutMs] the same
 * @param {string} [options.keyPrefix] see makeUsers
 * @param {import('./redis.mjs').TlsFiles} [options.tls] TLS everywhere and no plain port
 * @param {Record<string, string | number>} [options.options] more for the command line of the Redis servers
 */
export async function startSentinelSet ({
  directory, replicas = 2, sentinels: sentinelCount = 3, downAfterMs = 2000, failoverTimeoutMs = 10_000, keyPrefix = '', tls, options = {},
}) {
  const passwords = newPasswords()
  const common = { passwords, keyPrefix, tls }

  const first = await startNode(common, { name: 'Redis 1', directory: join(directory, 'redis-1'), file: 'redis.conf', options })
  const others = await Promise.all(range(replicas).map((i) => startNode(common, {
    name: `Redis ${i + 2}`,
    directory: join(directory, `redis-${i + 2}`),
    file: 'replica.conf',
    env: { REDIS_REPLICA_OF: `${LOOPBACK} ${first.port}` },
    options,
  })))
  const nodes = [first, ...others]
  await untilInSync()

  const quorum = Math.floor(sentinelCount / 2) + 1
  const sentinels = await Promise.all(range(sentinelCount).map((i) => startNode(common, {
    name: `Sentinel ${i + 1}`,
    directory: join(directory, `sentinel-${i + 1}`),
    file: 'sentinel.conf',
    env: { SENTINEL_MONITOR: `${LOOPBACK} ${first.port} ${quorum}` },
  })))
  for (const sentinel of sentinels) {
    await call(sentinel, 'SENTINEL', 'SET', NAME, 'down-after-milliseconds', downAfterMs, 'failover-timeout', failoverTimeoutMs)
  }
  await expectSoon('the Sentinels to know each other and the replicas', async () => {
    const views = await Promise.all(sentinels.map((sentinel) => call(sentinel, 'SENTINEL', 'MASTER', NAME).then(parsePairs)))
    const lists = await Promise.all(sentinels.map((sentinel) => call(sentinel, 'SENTINEL', 'REPLICAS', NAME)))
    return views.every((view) => view['num-other-sentinels'] === String(sentinelCount - 1) && view.flags === 'master') &&
      lists.every((list) => /** @type {unknown[]} */ (list).map(parsePairs).filter((replica) => (
        replica.flags === 'slave' && replica['master-link-status'] === 'ok'
      )).length === replicas)
  })

  /**
   * One command as admin, on a connection of its own.
   * @param {Server} node
   * @param {string} command
   * @param {...(string | number)} args
   * @returns {Promise<unknown>}
   */
  function call (node, command, ...args) {
    return callNode(common, node, command, ...args)
  }

  /** @param {Server} sentinel */
  async function masterBy (sentinel) {
    const [, port] = /** @type {string[]} */ (await call(sentinel, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME))
    const node = nodes.find((each) => each.port === Number(port))
    if (!node) throw new Error(`${sentinel.name} names port ${port}, which is none of this set`)
    return node
  }

  /** @returns {Promise<Server>} the one that a Sentinel names; those that a test has stopped or frozen are not asked */
  function master () {
    return Promise.any(sentinels.map(masterBy))
  }

  /**
   * Waits until all Sentinels that answer name the same master, and it is one and is expected.
   * @param {(node: Server) => boolean} isExpected
   * @returns {Promise<Server>}
   */
  async function untilMaster (isExpected) {
    /** @type {Server | undefined} */
    let found
    await expectSoon('another master', async () => {
      const settled = await Promise.allSettled(sentinels.map(masterBy))
      const [node, ...others] = settled.flatMap((each) => each.status === 'fulfilled' ? [each.value] : [])
      if (!node || others.some((each) => each !== node) || !isExpected(node)) return false
      if (roleOf(await info(node)) !== 'master') return false
      found = node
      return true
    })
    return /** @type {Server} */ (found)
  }

  /** @returns {Promise<Server>} */
  async function failover () {
    const old = await master()
    const [sentinel] = sentinels
    if (!sentinel) throw new Error('this set has no Sentinel')
    await expectSoon('Sentinel to begin a failover', async () => {
      try {
        await call(sentinel, 'SENTINEL', 'FAILOVER', NAME)
        return true
      } catch (error) {
        // After the failover before, it has not seen yet that the replicas are well, or is not done.
        if (/^(NOGOODSLAVE|INPROG)/.test(/** @type {Error} */ (error).message)) return false
        throw error
      }
    })
    return untilMaster((node) => node !== old)
  }

  /** @param {Server} node */
  async function info (node) {
    return parseInfo(String(await call(node, 'INFO', 'replication')))
  }

  /** Waits until there is one master, and all the others follow it and have what it has. */
  function untilInSync () {
    return expectSoon('the replicas to be in step with the master', async () => {
      const all = await Promise.all(nodes.map(info))
      const masters = nodes.filter((_node, i) => roleOf(all[i]) === 'master')
      const offset = all.find((each) => roleOf(each) === 'master')?.master_repl_offset
      return masters.length === 1 && all.every((each) => roleOf(each) === 'master' || (
        each.master_port === String(masters[0]?.port) && each.master_link_status === 'up' && Number(each.slave_repl_offset) >= Number(offset)
      ))
    })
  }

  return {
    name: NAME,
    nodes,
    sentinels,
    passwords,
    /** @type {Record<string, string>} */
    variables: {
      REDIS_MODE: 'sentinel',
      // Its scheme says whether TLS is spoken.
      REDIS_URL: `${tls ? 'rediss' : 'redis'}://${LOOPBACK}:${first.port}/0`,
      REDIS_SENTINELS: sentinels.map(({ port }) => `${LOOPBACK}:${port}`).join(','),
      REDIS_SENTINEL_NAME: NAME,
      REDIS_SENTINEL_USERNAME: 'tickets',
      REDIS_SENTINEL_PASSWORD: passwords.tickets,
      REDIS_USERNAME: 'tickets',
      REDIS_PASSWORD: passwords.tickets,
      ...(tls && { REDIS_TLS_CA_FILE: tls.ca }),
    },
    master,
    failover,
    untilMaster,
    untilInSync,
    call,
    connect: (/** @type {Server} */ node) => connectTo(common, node),
    /** The Sentinels first: they would see a failure in what is being stopped. */
    async stop () {
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()))
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

/** @param {Record<string, string> | undefined} info */
function roleOf (info) {
  return info?.role
}
