import type { Journal } from '../journal/journal.ts'
import type { JournalGate } from '../journal/gate.ts'
import type { TicketEvents } from '../tickets/events.ts'
import { singleFlight } from '../util/async.ts'
import { FULL_REASONS } from '../journal/room.ts'
import { SCRAPE_TIMEOUT_MS, type Metrics } from './metrics.ts'

export interface MeasuredJournal {
  journal: Pick<Journal, 'counts'> & { gate: Pick<JournalGate, 'isIdle'> }
  events: TicketEvents
  /** FALLBACK=mysql. */
  isUsed: boolean
}

/** Writes that MySQL keeps while Redis is unavailable. */
export function measureJournal (metrics: Metrics, { journal, events, isUsed }: MeasuredJournal) {
  const readCounts = singleFlight(() => journal.counts(SCRAPE_TIMEOUT_MS))
  metrics.gauge({
    name: 'tickets_journal_entries',
    help: 'Entries of the journal that wait to be applied (pending), or for an operator (conflict); read from MySQL at the scrape, the same at all instances; absent when MySQL does not say, and with FALLBACK=off',
    read: async () => isUsed
      ? Object.entries(await readCounts()).map(([state, value]) => ({ labels: { state }, value }))
      : undefined,
  })
  metrics.gauge({
    name: 'tickets_fallback_active',
    help: '1: writes of this instance go to the journal',
    read: () => Number(!journal.gate.isIdle()),
  })

  const journaled = metrics.counter({
    name: 'tickets_journaled_total',
    help: 'Writes that this instance answered with 202, also inside of a batch',
  })
  const full = metrics.counter({
    name: 'tickets_journal_full_total',
    help: 'Writes that this instance answered with 503 because there was no room in the journal: their ticket has as many changes there as are kept of one (ticket), their API key (caller) or all (total) as much as they may',
    label: 'reason',
    values: FULL_REASONS,
  })
  const replayed = metrics.counter({
    name: 'tickets_replayed_total',
    help: 'Entries of the journal that this instance has applied, or left to an operator (conflict)',
    label: 'result',
    values: ['applied', 'conflict'],
  })
  events.on('journaled', operations => { journaled.inc(operations) })
  events.on('journalFull', reason => { full.inc({ reason }) })
  events.on('replayed', ({ applied, conflicts }) => {
    replayed.inc({ result: 'applied' }, applied)
    replayed.inc({ result: 'conflict' }, conflicts)
  })
}
