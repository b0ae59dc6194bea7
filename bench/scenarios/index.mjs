/** The measures, in the order in which they are made and shown. */
import { batch } from './batch.mjs'
import { cost } from './cost.mjs'
import { duringFlush } from './during-flush.mjs'
import { flushing } from './flush.mjs'
import { get } from './get.mjs'
import { growth } from './growth.mjs'
import { instances } from './instances.mjs'
import { latency } from './latency.mjs'
import { life } from './life.mjs'
import { memory } from './memory.mjs'
import { patch } from './patch.mjs'
import { php } from './php.mjs'
import { post } from './post.mjs'

/** @typedef {'wrk' | 'webdis' | 'nginx' | 'php'} ProgramName */

/**
 * @typedef {object} Context
 * @property {import('../lib/stage.mjs').Stage} stage
 * @property {import('../lib/plan.mjs').Plan} plan
 * @property {(program: ProgramName) => boolean} has
 * @property {(note: string) => void} note
 */

/**
 * @typedef {object} Scenario
 * @property {string} name for --only
 * @property {string} title
 * @property {number} minutes that a full run of it takes, about
 * @property {ProgramName[]} needs it is skipped without them
 * @property {ProgramName[]} wants a part of it is skipped without them
 * @property {(context: Context) => Promise<import('../lib/rows.mjs').Row[] | import('../lib/costs.mjs').Costs>} run
 */

/** @type {Scenario[]} */
export const SCENARIOS = [post, patch, get, batch, latency, flushing, life, cost, php, memory, growth, duringFlush, instances]
