/** Ports and connections on this machine's own interface. */
import { randomInt } from 'node:crypto'
import { createServer, connect } from 'node:net'

export const LOOPBACK = '127.0.0.1'
/** A server that accepts but says nothing in this time is not ready yet. */
const PROBE_TIMEOUT_MS = 1000

/** Below those that kernels give to outgoing connections: none of these may take the port of a server that is to come back. */
const PORT_MIN = 10_000
const PORT_MAX = 32_767

/** @returns {Promise<number>} a port that was free a moment ago: whoever binds it may still lose a race for it */
export async function freePort () {
  const port = randomInt(PORT_MIN, PORT_MAX + 1)
  return await isPortFree(port) ? port : freePort()
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isPortFree (port) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)))
  })
}

/**
 * Connects, where isPortFree binds: what is about to listen must not find its port taken by whoever waits for it.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isListening (port) {
  return new Promise((resolve) => {
    const socket = openSocket(port)
    socket.on('connect', () => socket.destroy())
    // Refused: not yet. The close that follows says so.
    socket.on('error', () => {})
    socket.on('close', (isError) => resolve(!isError))
  })
}

/**
 * Connects, says `greeting` and looks at what comes back.
 * @param {number} port
 * @param {string} greeting empty where the server speaks first
 * @param {(answer: Buffer) => boolean} isExpected gets all that has arrived so far
 * @param {(port: number) => import('node:net').Socket} [open]
 * @returns {Promise<boolean>} false when the server refuses, hangs up, stays silent or never says what is expected
 */
export function probe (port, greeting, isExpected, open = openSocket) {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    const socket = open(port)
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy())
    socket.on('connect', () => { if (greeting) socket.write(greeting) })
    socket.on('data', (/** @type {Buffer} */ chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (isExpected(answer)) socket.destroy()
    })
    // A refused connection is an answer too: not yet. The close that follows gives it.
    socket.on('error', () => {})
    socket.on('close', () => resolve(isExpected(answer)))
  })
}

/** @param {number} port */
function openSocket (port) {
  return connect(port, LOOPBACK)
}
