/** Does the same work several times, and prints how many milliseconds it takes: the median. It makes and reads objects and texts, as a service does. */
import { TICKET } from '../lib/requests.ts'
import { median } from '../lib/statistics.ts'

const TICKETS = 20_000
/** Those that are not counted: code is compiled then. */
const WARMUP = 3
/** About a second of it: a moment says little of minutes. */
const TIMES = 51

let read: object[] = []

function work (): number {
  const startedAt = performance.now()
  read = Array.from({ length: TICKETS }, (_, id) => JSON.parse(JSON.stringify({ ...TICKET, ticket_id: id })) as object)
  return performance.now() - startedAt
}

const times = Array.from({ length: WARMUP + TIMES }, work).slice(WARMUP)
if (read.length !== TICKETS) throw new Error('not all was done')
console.log(median(times))
