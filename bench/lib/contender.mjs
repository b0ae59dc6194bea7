/** A server under load, a slice at a time. */
import { takeIds } from './ids.mjs'
import { cpuOf } from './usage.mjs'
import { load } from './wrk.mjs'

/** More than any server takes in one slice. */
const IDS_PER_SLICE = 10_000_000

/**
 * @typedef {import('./wrk.mjs').Answered & { cpu_us: number | undefined, firstId: number }} Slice rate is of tickets,
 *   cpu_us that of the server for one of them, firstId to lastId are the new ids that were sent
 */

/**
 * @param {object} options
 * @param {string} options.name
 * @param {import('./stage.mjs').Stage} options.stage
 * @param {import('./stage.mjs').WebServer} options.server
 * @param {readonly string[]} options.requests
 * @param {readonly number[]} options.statuses
 * @param {number} options.seconds
 * @param {number} [options.connections]
 * @param {{ first: number, count: number }} [options.knownIds]
 * @param {number} [options.ticketsPerRequest]
 * @param {readonly import('../../scripts/lib/server.mjs').Server[]} [options.helpers] whose CPU counts too
 */
export function contender ({ name, stage, server, requests, statuses, seconds, connections, knownIds, ticketsPerRequest = 1, helpers = [] }) {
  const directory = stage.ownPlace(name.replaceAll(/\W+/g, '-'))
  return {
    name,
    /**
     * @param {boolean} isStrict look at the status of every answer: it makes the load dearer, and is done while warming up
     * @param {{ pauseMs?: number, seconds?: number }} [how]
     * @returns {Promise<Slice>}
     */
    async measure (isStrict, how = {}) {
      const newIds = takeIds(IDS_PER_SLICE)
      const groups = [server, ...helpers].map(({ pid }) => pid)
      const before = cpuOf(groups)
      const answered = await load({ url: server.url, directory, requests, statuses: isStrict ? statuses : [], seconds: how.seconds ?? seconds, connections, knownIds, newIds, pauseMs: how.pauseMs })
      const after = cpuOf(groups)
      const tickets = answered.requests * ticketsPerRequest
      return {
        ...answered,
        rate: answered.rate * ticketsPerRequest,
        cpu_us: before === undefined || after === undefined ? undefined : (after - before) / tickets,
        // wrk makes one request that it does not send.
        firstId: newIds + 1,
      }
    },
  }
}
