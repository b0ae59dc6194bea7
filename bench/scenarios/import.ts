/** A help desk's history comes in from a file: by `npm run import`, as it is. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../scripts/lib/main.mjs'
import { ROOT } from '../../scripts/lib/project.mjs'
import { run } from '../../scripts/lib/run.mjs'
import { countInRedis } from '../lib/databases.ts'
import { TICKET } from '../lib/requests.ts'
import { stated } from '../lib/rows.ts'
import { agentOf, customerOf, type Ids, takeIds } from '../lib/tickets.ts'
import type { Scenario } from './index.ts'

const DAY_SECONDS = 86_400
const LINES_PER_WRITE = 1000

export const imports: Scenario = {
  name: 'import',
  title: 'Importing a file',
  minutes: 1.5,
  needs: [],
  wants: [],

  async run ({ stage, plan, note }) {
    const tickets = plan.choose(200_000, 5000)
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    const directory = stage.ownPlace('import')
    const command = importCommand()
    const warmup = plan.choose(1, 0)
    const rounds = plan.rounds(5)
    const values: number[] = []
    for (let round = 1 - warmup; round <= rounds; round += 1) {
      note(round < 1 ? 'warming up' : `round ${round} of ${rounds}`)
      const ids = { first: takeIds(tickets), count: tickets }
      const file = join(directory, `${ids.first}.ndjson`)
      writeTickets(file, ids)
      const startedAt = performance.now()
      await run(process.execPath, [...command, file, '--url', service.url], { cwd: ROOT, env: { PATH: process.env.PATH, TICKETS_API_KEY: service.key } })
      const rate = tickets / ((performance.now() - startedAt) / 1000)
      const found = await countInRedis(redis, ids)
      if (found !== tickets) throw new Failure(`${tickets} tickets were imported, and Redis has ${found} of them`)
      if (round >= 1) values.push(rate)
    }
    return [stated({
      scenario: 'import',
      work: `npm run import of ${tickets.toLocaleString('en-US')} closed tickets, from the start of the command to its end`,
      unit: 'tickets/s',
      values,
      bar: { op: '>=', value: 20_000 },
      detail: 'one core for the service, the command beside Redis and MariaDB; flushes go on meanwhile',
    })]
  },
}

/** What `npm run import` gives to Node. */
function importCommand (): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  const [program, ...args] = scripts.import!.split(' ')
  if (program !== 'node') throw new Error(`npm run import is "${scripts.import}", which does not start with node`)
  return args
}

/** Tickets that were closed years ago, a line each. */
function writeTickets (path: string, { first, count }: Ids): void {
  const now = Math.floor(Date.now() / 1000)
  const line = (id: number) => {
    const createdAt = now - (2 + id % 2000) * DAY_SECONDS
    return `${JSON.stringify({
      ticket_id: id, ...TICKET, customer_id: customerOf(id), assigned_to: agentOf(id), status: 'closed', created_at: createdAt, updated_at: createdAt + DAY_SECONDS, closed_at: createdAt + DAY_SECONDS,
    })}\n`
  }
  const file = openSync(path, 'w', 0o600)
  for (let start = 0; start < count; start += LINES_PER_WRITE) {
    writeSync(file, Array.from({ length: Math.min(LINES_PER_WRITE, count - start) }, (_, i) => line(first + start + i)).join(''))
  }
  closeSync(file)
}
