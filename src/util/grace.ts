/**
 * What is over by when, as a share of the grace from the moment it begins. One clock for all: what one part leaves of its
 * time is the next one's, and none can take the time of those that follow.
 */
const SHARES = {
  /** Requests: connections that are still open are closed. */
  requests: 0.3,
  /** The last pass takes no other batch. */
  claims: 0.7,
  /** Statements: MySQL is not waited for any longer. The claims of what it has not answered are given back. */
  statements: 0.8,
  /** All that works: what is left is to close connections. */
  work: 0.9,
} as const

export type Milestone = keyof typeof SHARES

/** The time that a service that is stopping has, in all. It begins once, and every part is told when its own is over. */
export function createGrace (graceMs: number) {
  const controllers = Object.fromEntries(Object.keys(SHARES).map(name => [name, new AbortController()])) as Record<Milestone, AbortController>
  let timers: NodeJS.Timeout[] = []

  return {
    /** To be called when the service is told to stop; a second call changes nothing. */
    begin () {
      if (timers.length > 0) return
      timers = (Object.keys(SHARES) as Milestone[]).map(name => setTimeout(() => { controllers[name].abort() }, graceMs * SHARES[name]))
    },
    /** Aborts when this must be over. */
    over: (milestone: Milestone): AbortSignal => controllers[milestone].signal,
    /** To be called when all has stopped: nothing is left to be told. */
    end () { for (const timer of timers) clearTimeout(timer) },
  }
}

export type Grace = ReturnType<typeof createGrace>
