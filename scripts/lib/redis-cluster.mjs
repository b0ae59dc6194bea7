/** A Redis Cluster from the files of deploy/redis. What asks for its state asks every node that answers; the others are left out. */
import { join } from 'node:path'
import calculateSlot from 'cluster-key-slot'
import { LOOPBACK } from './loopback.mjs'
import { callNode, connectTo, expectSoon, findRedisCli, parseInfo, range, startNode } from './redis-nodes.mjs'
import { DEPLOY, newPasswords, usersEnvironment } from './redis-users.mjs'
import { run } from './run.mjs'

const SLOTS = 16_384

/** @typedef {import('./server.mjs').Server} Server */

/** @typedef {Awaited<ReturnType<typeof startCluster>>} Cluster */

/** @typedef {{ port: number, id: string, isMaster: boolean, isFailed: boolean, isLinked: boolean, masterId: string, slots: [number, number][] }} View */

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {number} [options.masters]
 * @param {number} [options.replicas]
 * @param {number} [options.nodeTimeoutMs] shorter than the file says, for tests that wait for it
 * @param {string} [options.keyPrefix] see makeUsers
 * @param {import('./redis.mjs').TlsFiles} [options.tls] TLS everywhere and no plain port
 * @param {Record<string, string | number>} [options.options] more for the command line of the Redis servers
 */
export async function startCluster ({
  directory, masters: masterCount = 3, replicas = 1, nodeTimeoutMs = 2000, keyPrefix = '', tls, options = {},
}) {
  const passwords = newPasswords()
  const common = { passwords, keyPrefix, tls }
  const cli = ['--user', 'admin', ...(tls ? ['--tls', '--cacert', tls.ca] : [])]
  const cliEnvironment = { ...process.env, REDISCLI_AUTH: passwords.admin }

  const nodes = await Promise.all(range(masterCount * (1 + replicas)).map((i) => startNode(common, {
    name: `Redis ${i + 1}`,
    directory: join(directory, `redis-${i + 1}`),
    file: 'cluster-node.conf',
    options: { 'cluster-node-timeout': nodeTimeoutMs, ...options },
  })))
  const addresses = nodes.map(({ port }) => `${LOOPBACK}:${port}`)
  await run('sh', [`${DEPLOY}/form-cluster.sh`, String(replicas), ...addresses], {
    env: {
      ...process.env,
      ...usersEnvironment(passwords),
      REDIS_CLI: findRedisCli(),
      REDIS_CLI_OPTIONS: tls ? `--tls --cacert ${tls.ca}` : '',
    },
  })
  await untilWhole()

  /**
   * One command as admin, on a connection of its own. It follows no redirection.
   * @param {Server} node
   * @param {string} command
   * @param {...(string | number)} args
   * @returns {Promise<unknown>}
   */
  function call (node, command, ...args) {
    return callNode(common, node, command, ...args)
  }

  /** @param {Server} node what the cluster looks like from there */
  async function viewOf (node) {
    return String(await call(node, 'CLUSTER', 'NODES')).trim().split('\n').map(parseView)
  }

  /** The views of all nodes that answer. */
  async function views () {
    const settled = await Promise.allSettled(nodes.map(viewOf))
    const answers = settled.flatMap((each) => each.status === 'fulfilled' ? [each.value] : [])
    if (answers.length === 0) throw new AggregateError(settled.map((each) => /** @type {PromiseRejectedResult} */ (each).reason), 'no node answers')
    return answers
  }

  /**
   * The view of all, once they agree on who has which slots.
   * @param {(view: View[]) => boolean} [isExpected]
   * @returns {Promise<View[]>}
   */
  async function untilAgreed (isExpected = () => true) {
    /** @type {View[]} */
    let agreed = []
    await expectSoon('the nodes to agree', async () => {
      const [first = [], ...others] = await views()
      if (!others.every((view) => layoutOf(view) === layoutOf(first)) || !isExpected(first)) return false
      agreed = first
      return true
    })
    return agreed
  }

  /** Every slot has a master, every node is connected, and all agree; replicas have loaded their data. */
  function untilWhole () {
    return expectSoon('the cluster to be whole', async () => {
      const all = await Promise.all(nodes.map(async (node) => ({
        view: await viewOf(node),
        state: parseInfo(String(await call(node, 'CLUSTER', 'INFO'))),
        replication: parseInfo(String(await call(node, 'INFO', 'replication'))),
      })))
      const isWhole = all.every(({ view, state, replication }) => (
        state.cluster_state === 'ok' && view.every(({ isLinked, isFailed }) => isLinked && !isFailed) &&
        layoutOf(view) === layoutOf(all[0]?.view ?? []) && slotCount(view) === SLOTS &&
        (replication.role === 'master' || replication.master_link_status === 'up')
      ))
      if (!isWhole) throw new Error(JSON.stringify(all.map(({ view, state, replication: { role, master_link_status: link } }, i) => ({ port: nodes[i]?.port, state: state.cluster_state, role, link, view }))))
      return true
    })
  }

  /** @param {number} port */
  function nodeAt (port) {
    const node = nodes.find((each) => each.port === port)
    if (!node) throw new Error(`port ${port} is none of this cluster`)
    return node
  }

  /**
   * @param {View[]} view
   * @param {Server} node
   */
  function partOf (view, node) {
    const part = view.find(({ port }) => port === node.port)
    if (!part) throw new Error(`${node.name} is not part of the cluster`)
    return part
  }

  /** @param {string} key */
  async function masterOf (key) {
    const slot = calculateSlot(key)
    const view = await untilAgreed()
    const part = view.find(({ slots }) => slots.some(([from, to]) => from <= slot && slot <= to))
    if (!part) throw new Error(`no node has slot ${slot}`)
    return nodeAt(part.port)
  }

  /** @returns {Promise<Server[]>} those that have slots */
  async function masters () {
    const view = await untilAgreed()
    return nodes.filter((node) => partOf(view, node).slots.length > 0)
  }

  /** @param {Server} master */
  async function replicasOf (master) {
    const view = await untilAgreed()
    const { id } = partOf(view, master)
    return nodes.filter((node) => partOf(view, node).masterId === id)
  }

  /**
   * @param {Server} node
   * @returns {Promise<number[]>}
   */
  async function slotsOf (node) {
    const { slots } = partOf(await untilAgreed(), node)
    return slots.flatMap(([from, to]) => range(to - from + 1).map((i) => from + i))
  }

  /**
   * Moves slots with their keys, while clients go on.
   * @param {Server} from
   * @param {Server} to
   * @param {number} count
   */
  async function moveSlots (from, to, count) {
    const view = await untilAgreed()
    const source = partOf(view, from)
    const target = partOf(view, to)
    await run(findRedisCli(), [
      ...cli, '--cluster', 'reshard', `${LOOPBACK}:${from.port}`,
      '--cluster-from', source.id, '--cluster-to', target.id, '--cluster-slots', String(count), '--cluster-yes',
    ], { env: cliEnvironment })
    const expected = slotCount([target]) + count
    await untilAgreed((now) => slotCount([partOf(now, to)]) === expected)
  }

  /**
   * Waits until a node is a master, as all see it.
   * @param {Server} node
   */
  async function untilMaster (node) {
    await untilAgreed((view) => partOf(view, node).isMaster && partOf(view, node).slots.length > 0)
  }

  /** @param {Server} replica */
  async function failover (replica) {
    await call(replica, 'CLUSTER', 'FAILOVER')
    await untilMaster(replica)
  }

  return {
    nodes,
    passwords,
    /** @type {Record<string, string>} */
    variables: {
      REDIS_MODE: 'cluster',
      // Its scheme says whether TLS is spoken.
      REDIS_URL: `${tls ? 'rediss' : 'redis'}://${addresses[0]}`,
      REDIS_CLUSTER_NODES: addresses.join(','),
      REDIS_USERNAME: 'tickets',
      REDIS_PASSWORD: passwords.tickets,
      ...(tls && { REDIS_TLS_CA_FILE: tls.ca }),
    },
    masterOf,
    masters,
    replicasOf,
    slotsOf,
    moveSlots,
    failover,
    untilMaster,
    untilWhole,
    call,
    connect: (/** @type {Server} */ node) => connectTo(common, node),
    async stop () {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

/**
 * @param {string} line of CLUSTER NODES (https://redis.io/docs/latest/commands/cluster-nodes/)
 * @returns {View}
 */
function parseView (line) {
  const [id = '', address = '', flags = '', masterId = '', , , , link = '', ...slots] = line.split(' ')
  return {
    id,
    port: Number(/:(\d+)/.exec(address)?.[1]),
    isMaster: flags.includes('master'),
    isFailed: flags.includes('fail') || flags.includes('handshake') || flags.includes('noaddr'),
    isLinked: link === 'connected',
    masterId,
    // In brackets is what is on its way.
    slots: slots.filter((each) => !each.startsWith('[')).map((each) => {
      const [from = '', to = from] = each.split('-')
      return [Number(from), Number(to)]
    }),
  }
}

/** @param {View[]} view */
function slotCount (view) {
  return view.flatMap(({ slots }) => slots).reduce((sum, [from, to]) => sum + to - from + 1, 0)
}

/**
 * Who has which slots and who follows whom, as text that is equal where the views are.
 * @param {View[]} view
 */
function layoutOf (view) {
  return view.map(({ id, masterId, slots }) => `${id} ${masterId} ${slots.join(' ')}`).sort().join('\n')
}
