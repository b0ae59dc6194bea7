/** Load, by wrk: one thread, many connections. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pathOf } from '../../scripts/lib/binaries.mjs'
import { Failure } from '../../scripts/lib/main.mjs'
import { run } from '../../scripts/lib/run.mjs'
import type { Ids } from './tickets.ts'

const SCRIPT = fileURLToPath(new URL('../lua/requests.lua', import.meta.url))
/** Longer than any load: it is told to end. wrk itself knows only whole seconds. */
const DURATION = '1h'

export interface Load {
  url: string
  /** For the file of the requests. */
  directory: string
  /** See requests.ts. */
  requests: readonly string[]
  /** That are right; none: every one that is no error. */
  statuses: readonly number[]
  seconds: number
  connections?: number | undefined
  /** The first of those that no other request has. */
  newIds: number
  knownIds?: Ids | undefined
  /** Mean of the pauses before requests. */
  pauseMs?: number | undefined
}

export interface Answered {
  requests: number
  /** A second. */
  rate: number
  p50_ms: number
  p99_ms: number
  /** The last new one that was asked for, whether anybody waited for its answer or not. */
  lastId: number
}

/** Not one request was answered within the time: those up to this id may be later. */
export class NothingAnswered extends Failure {
  readonly lastId: number

  constructor (message: string, lastId: number) {
    super(message)
    this.lastId = lastId
  }
}

/** Rejects when there was any answer but the right one. */
export async function load ({ url, directory, requests, statuses, seconds, connections = 64, newIds, knownIds = { first: 0, count: 0 }, pauseMs = 0 }: Load): Promise<Answered> {
  const file = join(directory, 'requests')
  writeFileSync(file, requests.join('\0'), { mode: 0o600 })
  const lines: string[] = []
  await run(pathOf('wrk'), [
    '--threads', '1', '--connections', String(connections), '--duration', DURATION, '--timeout', '10s', '--script', SCRIPT, url,
    '--', file, statuses.length > 0 ? `,${statuses.join(',')},` : '', ...[newIds, knownIds.first, knownIds.count, pauseMs].map(String),
  ], { note: line => lines.push(line), interruptAfterMs: seconds * 1000 })
  return readSummary(lines, url)
}

/**
 * @param lines what wrk has printed
 * @param url for messages
 */
export function readSummary (lines: readonly string[], url: string): Answered {
  const json = lines.find(line => line.startsWith('{'))
  if (!json) throw new Error(`wrk has printed no summary of ${url}:\n${lines.join('\n')}`)
  const summary = JSON.parse(json)
  if (summary.unexpected > 0) {
    throw new Failure(`${summary.unexpected} of ${summary.requests} answers of ${url} were not what is measured${summary.first_unexpected && `. The first:\n${summary.first_unexpected}`}`)
  }
  if (summary.socket_errors > 0) throw new Failure(`${summary.socket_errors} requests to ${url} were not answered: connections failed or took longer than 10 s`)
  if (summary.requests === 0) throw new NothingAnswered(`${url} answered nothing in ${summary.seconds} s`, summary.last_new_id)
  return { requests: summary.requests, rate: summary.requests / summary.seconds, p50_ms: summary.p50_ms, p99_ms: summary.p99_ms, lastId: summary.last_new_id }
}
