import type { Journal } from '../journal/journal.ts'
import type { Turns } from '../journal/gate.ts'
import type { Changes } from '../tickets/events.ts'
import type { Metrics } from './metrics.ts'
import { shared } from '../util/single-flight.ts'
import { SCRAPE_TIMEOUT_MS } from './timeout.ts'

export interface MeasuredJournal {
  journal: Pick<Journal, 'counts'>
  turns: Pick<Turns, 'isQuiet'>
  changes: Changes
  /** FALLBACK=mysql. */
  isUsed: boolean
}

/** Writes that MySQL keeps while Redis is away. */
export function measureJournal (metrics: Metrics, { journal, turns, changes, isUsed }: MeasuredJournal) {
  const readCounts = shared(() => journal.counts(SCRAPE_TIMEOUT_MS))
  metrics.gauge({
    name: 'tickets_journal_entries',
    help: 'Entries of the journal that wait to be made (pending), or for an operator (conflict); read from MySQL at the scrape, the same at all instances; absent when MySQL does not say, and with FALLBACK=off',
    read: async () => isUsed
      ? Object.entries(await readCounts()).map(([state, value]) => ({ labels: { state }, value }))
      : undefined,
  })
  metrics.gauge({
    name: 'tickets_fallback_active',
    help: '1: writes of this instance go to the journal',
    read: () => Number(!turns.isQuiet()),
  })

  const journaled = metrics.counter({
    name: 'tickets_journaled_total',
    help: 'Writes that this instance answered with 202, also inside of a batch',
  })
  const replayed = metrics.counter({
    name: 'tickets_replayed_total',
    help: 'Entries of the journal that this instance has made, or left to an operator',
    label: 'result',
    values: ['made', 'conflict'],
  })
  changes.on('journaled', operations => { journaled.inc(operations) })
  changes.on('replayed', ({ replayed: made, conflicts }) => {
    replayed.inc({ result: 'made' }, made)
    replayed.inc({ result: 'conflict' }, conflicts)
  })
}
