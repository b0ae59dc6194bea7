/** The measures, in the order in which they are made and shown. */
import type { Plan } from '../lib/options.ts'
import type { Row } from '../lib/rows.ts'
import type { Stage } from '../lib/stage.ts'
import { batch } from './batch.ts'
import { changes } from './changes.ts'
import { cluster } from './cluster.ts'
import { duringFlush } from './during-flush.ts'
import { flushing } from './flush.ts'
import { growth } from './growth.ts'
import { imports } from './import.ts'
import { instances } from './instances.ts'
import { latency } from './latency.ts'
import { life } from './life.ts'
import { lists } from './lists.ts'
import { memory } from './memory.ts'
import { page } from './page.ts'
import { php } from './php.ts'
import { get, patch, post } from './single.ts'
import { start } from './start.ts'
import { withoutLists } from './without-lists.ts'

export type ProgramName = 'wrk' | 'webdis' | 'nginx' | 'php'

export interface Context {
  stage: Stage
  plan: Plan
  has: (program: ProgramName) => boolean
  note: (text: string) => void
}

export interface Scenario {
  /** For --only. */
  name: string
  title: string
  /** That a full run of it takes, about. */
  minutes: number
  /** It is skipped without them. */
  needs: readonly ProgramName[]
  /** A part of it is skipped without them. */
  wants: readonly ProgramName[]
  run: (context: Context) => Promise<Row[]>
}

export const SCENARIOS: readonly Scenario[] = [
  post, patch, get, batch, latency, flushing, imports, life, cluster, php, page, start, withoutLists, lists, changes, growth, duringFlush, memory, instances,
]
