import type { DatabaseUnavailable } from './failure.ts'

/** How soon the server's return is noticed. */
const PROBE_EVERY_MS = 500

export interface BreakerOptions {
  /** Resolves when the server answers, and can be written to. */
  probe: () => Promise<unknown>
  /** The server answers again after it was asked in vain: what took long once is no return. */
  onRecovery: () => void
}

/**
 * A circuit breaker (https://martinfowler.com/bliki/CircuitBreaker.html): once the server has not
 * answered, nobody else waits for it. It is asked in the background until it does.
 */
export function createBreaker ({ probe, onRecovery }: BreakerOptions) {
  let failure: DatabaseUnavailable | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  async function ask (isFirst: boolean) {
    try {
      await probe()
    } catch {
      // Why it is unavailable has been said where it was first noticed, and is said again by whoever asks.
      if (!isClosed) timer = setTimeout(() => { void ask(false) }, PROBE_EVERY_MS)
      return
    }
    failure = undefined
    if (!isFirst) onRecovery()
  }

  return {
    isUp: () => failure === undefined,

    /** @throws {DatabaseUnavailable} at once while the server is unavailable; nothing was sent */
    check () {
      if (failure) throw failure.again()
    },

    /** To be called when the server has not answered. */
    trip (reason: DatabaseUnavailable) {
      if (failure || isClosed) return
      failure = reason
      void ask(true)
    },

    close () {
      isClosed = true
      clearTimeout(timer)
    },
  }
}
