import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'

/** Less than what a connection has to be made, so that the error says what it waited for. */
const LOOK_UP_TIMEOUT_MS = 1500

/** libuv gives getaddrinfo half of its 4 threads (https://github.com/libuv/libuv/pull/1845): more would wait there, in the order of their arrival. */
const RUNNING_MAX = 2

export interface LookupSettings {
  /** What asks; the system's own resolver cannot be told to stop. */
  ask: (hostname: string, options: LookupOptions & { all: true }, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void
  timeoutMs?: number
  runningMax?: number
}

type Callback = Parameters<LookupFunction>[2]

/** One question to the resolver, for all who ask the same. */
interface Flight {
  hostname: string
  options: LookupOptions
  callers: Set<(error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void>
}

/**
 * A `dns.lookup` that no name server holds up: callers who ask for the same name share one question, each waits for a
 * bounded time, and names that are known to be slow leave a thread for the others. An error is what getaddrinfo calls a
 * temporary one, EAI_AGAIN.
 */
export function createLookup ({ ask, timeoutMs = LOOK_UP_TIMEOUT_MS, runningMax = RUNNING_MAX }: LookupSettings) {
  const flights = new Map<string, Flight>()
  const running = new Set<Flight>()
  const waiting = new Set<Flight>()
  // Their last answer took too long.
  const slow = new Set<string>()

  /** Whether there is a thread for it. */
  function mayRun ({ hostname }: Flight): boolean {
    if (running.size >= runningMax) return false
    return !slow.has(hostname) || Array.from(running).filter(other => slow.has(other.hostname)).length < runningMax - 1
  }

  function start (key: string, flight: Flight) {
    const { hostname, options, callers } = flight
    running.add(flight)
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      slow.add(hostname)
    }, timeoutMs).unref()
    ask(hostname, { ...options, all: true }, (error, addresses) => {
      clearTimeout(timer)
      running.delete(flight)
      flights.delete(key)
      if (!isLate) slow.delete(hostname)
      for (const answer of callers) answer(error, addresses)
      next()
    })
  }

  function next () {
    for (const flight of waiting) {
      const isWanted = flight.callers.size > 0
      if (isWanted && !mayRun(flight)) continue
      waiting.delete(flight)
      const key = keyOf(flight.hostname, flight.options)
      if (isWanted) start(key, flight)
      else flights.delete(key)
    }
  }

  function join (flight: Flight, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) {
    const { hostname, callers } = flight
    const answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
      clearTimeout(timer)
      callers.delete(answer)
      callback(error, addresses)
    }
    const timer = setTimeout(() => {
      answer(Object.assign(new Error(`getaddrinfo EAI_AGAIN ${hostname}: no answer within ${timeoutMs} ms`), { code: 'EAI_AGAIN', syscall: 'getaddrinfo', hostname }), [])
      // It may have been the last who waited for a name that others wait behind.
      next()
    }, timeoutMs)
    callers.add(answer)
  }

  function lookup (hostname: string, options: LookupOptions, callback: Callback) {
    const { all, ...question } = options
    const key = keyOf(hostname, question)
    let flight = flights.get(key)
    const isNew = flight === undefined
    if (!flight) flights.set(key, flight = { hostname, options: question, callers: new Set() })
    join(flight, (error, addresses) => {
      if (error) callback(error, all ? [] : '')
      else if (all) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
    if (!isNew) return
    waiting.add(flight)
    next()
  }

  return {
    lookup: lookup satisfies LookupFunction,
    /** Questions that the resolver has not answered: the threads that ask them outlive `process.exit`. */
    running: () => running.size,
  }
}

const keyOf = (hostname: string, options: LookupOptions): string =>
  JSON.stringify([hostname, options.family, options.hints, options.order, options.verbatim])

const system = dns.lookup
const bounded = createLookup({ ask: system })

/**
 * Gives every socket of this process, of whichever client, look-ups that no name server holds up: the clients of Redis,
 * its Sentinels and MySQL take no `lookup` of ours, and all of them end at `dns.lookup`. May be called twice.
 */
export function boundLookups () {
  if (dns.lookup !== system) return
  dns.lookup = Object.assign((hostname: string, options: LookupOptions | number | Callback, callback?: Callback) => {
    // An address needs no thread. Without options it is a server's own name, which is waited for: there is nothing to do without it.
    if (isIP(hostname) === 0 && typeof options === 'object' && callback) bounded.lookup(hostname, options, callback)
    else (system as (...args: unknown[]) => void)(hostname, options, callback)
  }, { __promisify__: system.__promisify__ }) as typeof dns.lookup
}

/** Look-ups of this process that have not been answered. */
export const runningLookups = bounded.running
