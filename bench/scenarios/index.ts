/** The measures, in the order in which they are made and shown. */
import type { Plan } from '../lib/options.ts'
import type { Row } from '../lib/rows.ts'
import type { Stage } from '../lib/stage.ts'
import { batch } from './batch.ts'
import { cluster } from './cluster.ts'
import { duringFlush } from './during-flush.ts'
import { flushing } from './flush.ts'
import { growth } from './growth.ts'
import { instances } from './instances.ts'
import { latency } from './latency.ts'
import { life } from './life.ts'
import { memory } from './memory.ts'
import { php } from './php.ts'
import { get, patch, post } from './single.ts'

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

export const SCENARIOS: readonly Scenario[] = [post, patch, get, batch, latency, flushing, life, cluster, php, memory, growth, duringFlush, instances]
