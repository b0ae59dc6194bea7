/** The service with somebody between, who sees what is sent, and may be in the way. */
import { request as send } from 'node:http'
import { json as readJson } from 'node:stream/consumers'

/** @typedef {import('./faults.mjs').Behaviour} Behaviour */

/** They are of the connection, and not of the message. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'host', 'content-length', 'transfer-encoding']

/**
 * @param {string} serviceUrl
 * @param {string} lesserKey may read and write
 * @returns {Record<string, Behaviour>}
 */
export function forwardsTo (serviceUrl, lesserKey) {
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

  /** @type {Map<string, () => void>} by test */
  const held = new Map()
  /** @type {Set<string>} tests */
  const unheard = new Set()
  return {
    service,

    /** As if the caller had sent another key. */
    'service-with-lesser-key': (response, seen, count, test) => service(response, { ...seen, headers: { ...seen.headers, authorization: `Bearer ${lesserKey}` } }, count, test),

    /** The first write of a test arrives when it is let go. */
    'service-held-once': (response, seen, count, test) => {
      if (seen.method === 'GET' || held.has(test)) service(response, seen, count, test)
      else held.set(test, () => service(response, seen, count, test))
    },
    'let-go': (response, _seen, _count, test) => {
      held.get(test)?.()
      response.end('{}')
    },

    /** A version of it that does not know an operation `delete`. */
    'service-before-deletion': (response, seen, count, test) => {
      const operations = /** @type {any} */ (seen.body)?.operations?.map((/** @type {any} */ one) => one.op === 'delete' ? { ...one, op: 'not known' } : one)
      service(response, operations ? { ...seen, body: { operations } } : seen, count, test)
    },

    /** A version of it that does not say what tickets had before an operation. */
    'older-service': (response, seen) => {
      ask(response, seen, async (answer) => {
        const body = /** @type {any} */ (await readJson(answer))
        for (const result of body.results ?? []) {
          delete result.previous_version
          delete result.previous_updated_at
        }
        response.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
    },

    /** The service has done the first write, and the caller does not hear of it. */
    'service-unheard-once': (response, seen, count, test) => {
      if (seen.method === 'GET' || unheard.has(test)) service(response, seen, count, test)
      else {
        unheard.add(test)
        ask(response, seen, () => { response.socket?.resetAndDestroy() })
      }
    },
  }
}
