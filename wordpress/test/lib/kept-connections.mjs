/** What can become of a connection between two requests. Each answer names the ticket that was asked for. */

/** @typedef {import('./faults.mjs').Behaviour} Behaviour */

/** @param {string} path */
const idIn = (path) => Number(path.split('/').pop())

/** @type {Behaviour} */
const answer = (response, { path }) => { response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ticket_id: idIn(path) })) }

/**
 * The last connection of each test.
 * @type {Map<string, import('node:net').Socket | null>}
 */
const connections = new Map()

/** @type {Record<string, Behaviour>} */
export const KEPT_CONNECTIONS = {
  named: answer,
  'ends-idle': (response, seen, count, test) => {
    const { socket } = response
    response.once('finish', () => { socket?.end() })
    answer(response, seen, count, test)
  },
  'says-close': (response, seen, count, test) => {
    response.shouldKeepAlive = false
    answer(response, seen, count, test)
  },
  /** Asked on a connection that it has used before, it is gone. */
  'ends-when-asked-again': (response, seen, count, test) => {
    if (connections.get(test) === response.socket) response.socket?.destroy()
    else answer(response, seen, count, test)
    connections.set(test, response.socket)
  },
  /** A POST on another connection has it send an answer that nobody asked for. */
  'speaks-unasked': (response, seen, count, test) => {
    if (seen.method !== 'POST') connections.set(test, response.socket)
    else connections.get(test)?.write('HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"ticket_id":9}')
    answer(response, seen, count, test)
  },
  'in-chunks': (response, { path }) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    for (const part of ['{"ticket_id":', String(idIn(path)), '}']) response.write(part)
    response.end()
  },
}
