/** The service with somebody between, who sees what is sent, and may be in the way. */
import { request as send } from 'node:http'

/** @typedef {import('./faults.mjs').Behaviour} Behaviour */

/** They are of the connection, and not of the message. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'host', 'content-length', 'transfer-encoding']

/**
 * @param {string} serviceUrl
 * @returns {Record<string, Behaviour>}
 */
export function forwardsTo (serviceUrl) {
  /**
   * @param {import('node:http').ServerResponse} response
   * @param {import('./faults.mjs').Seen} seen
   * @param {(answer: import('node:http').IncomingMessage) => void} take
   */
  function ask (response, { method, path, headers, body }, take) {
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.includes(name)))
    const upstream = send(`${serviceUrl}${path}`, { method, headers: kept }, take)
    // As if there were nobody between: the caller sees the service's connection break, and the service the caller's.
    upstream.on('error', () => { response.socket?.resetAndDestroy() })
    response.on('close', () => { upstream.destroy() })
    upstream.end(body === null ? undefined : JSON.stringify(body))
  }

  /** @type {Behaviour} */
  const service = (response, seen) => {
    ask(response, seen, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
  }

  /** @type {Map<string, () => void>} */
  const held = new Map()
  return {
    service,

    /** The first of a test arrives after the second has been answered. */
    'service-swapped': (response, seen, count, test) => {
      if (count === 1) {
        held.set(test, () => service(response, seen, count, test))
        return
      }
      if (count === 2) response.on('finish', () => held.get(test)?.())
      service(response, seen, count, test)
    },

    /** The service has done what the first asked for, and the caller does not hear of it. */
    'service-unheard-once': (response, seen, count, test) => {
      if (count > 1) service(response, seen, count, test)
      else ask(response, seen, () => { response.socket?.resetAndDestroy() })
    },
  }
}
