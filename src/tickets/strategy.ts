/**
 * When a change is due in MySQL: the time in ms, Infinity for "not until the ticket is closed".
 * Pure, so that the write script can be given its four answers and apply them by Redis's clock.
 */
export type Strategy = (wasClosed: boolean, isClosed: boolean, nowMs: number) => number

export type StrategyName = 'hybrid' | 'periodic' | 'event'

/** `lingerMs` is the wait of `event`, so that a burst on one ticket costs one row. */
export function createStrategy (name: StrategyName, lingerMs: number): Strategy {
  switch (name) {
    // A ticket that leaves the closed state is due too: MySQL may hold it as closed.
    case 'hybrid': return (wasClosed, isClosed, nowMs) => wasClosed || isClosed ? nowMs : Infinity
    // Due at once; the next interval takes it.
    case 'periodic': return (_wasClosed, _isClosed, nowMs) => nowMs
    case 'event': return (_wasClosed, _isClosed, nowMs) => nowMs + lingerMs
  }
}
