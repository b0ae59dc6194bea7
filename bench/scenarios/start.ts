/** From the start of the process to its first answer about a ticket. */
import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../../scripts/lib/main.mjs'
import { freePort, LOOPBACK } from '../../scripts/lib/loopback.mjs'
import { stated } from '../lib/rows.ts'
import type { Mariadb, Redis, Stage } from '../lib/stage.ts'
import { median } from '../lib/statistics.ts'
import { fill } from '../lib/tickets.ts'
import { cpuOf } from '../lib/usage.ts'
import type { Scenario } from './index.ts'

/** A fraction of what is measured. */
const POLL_MS = 2
const GIVE_UP_AFTER_MS = 60_000

export const start: Scenario = {
  name: 'start',
  title: 'Starting the service',
  minutes: 0.5,
  needs: [],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    // The tables are there then, as at every start but the first.
    const first = await stage.service({ redis, mariadb })
    const { first: id } = await fill(first, 1)
    await stage.end(first)
    const rounds = plan.choose(11, 2)
    const starts: Start[] = []
    for (let round = 1; round <= rounds; round += 1) {
      starts.push(await startOnce(stage, { redis, mariadb }, `/tickets/${id}`))
      note(`start ${round} of ${rounds}: ${Math.round(starts.at(-1)!.ms)} ms`)
    }
    const cpus = starts.flatMap(({ cpuMs }) => cpuMs ?? [])
    return [stated({
      scenario: 'start',
      work: 'as npm start does it, from the start of Node to the answer to the first GET of a ticket',
      unit: 'ms',
      values: starts.map(({ ms }) => ms),
      bar: { op: '<=', value: 400 },
      ...(cpus.length > 0 && { detail: `${Math.round(median(cpus))} ms of CPU until then` }),
    })]
  },
}

interface Start { ms: number, cpuMs: number | undefined }

async function startOnce (stage: Stage, stores: { redis: Redis, mariadb: Mariadb }, path: string): Promise<Start> {
  const port = await freePort()
  const apiKey = stage.newKey()
  const startedAt = performance.now()
  const [service, answeredAt] = await Promise.all([stage.service({ ...stores, apiKey, port }), firstAnswer(port, path, apiKey.key)])
  // With what it did since, until it was asked whether it is ready.
  const cpu = cpuOf([service.pid])
  await stage.end(service)
  return { ms: answeredAt - startedAt, cpuMs: cpu && cpu / 1000 }
}

/** @returns when the first request was answered that was not refused, by performance.now() */
async function firstAnswer (port: number, path: string, key: string): Promise<number> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
  while (performance.now() < giveUpAt) {
    const status = await ask(port, path, key)
    if (status === 200) return performance.now()
    if (status !== undefined && status !== 503) throw new Failure(`The service that was started answered ${status}`)
    await delay(POLL_MS)
  }
  throw new Failure(`The service that was started did not answer within ${GIVE_UP_AFTER_MS} ms`)
}

/** @returns undefined: nobody listens yet */
async function ask (port: number, path: string, key: string): Promise<number | undefined> {
  const sent = request({ host: LOOPBACK, port, path, agent: false, headers: { authorization: `Bearer ${key}` } })
  sent.end()
  try {
    const [response] = await once(sent, 'response')
    response.resume()
    await once(response, 'end')
    return response.statusCode
  } catch (error) {
    if (['ECONNREFUSED', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
