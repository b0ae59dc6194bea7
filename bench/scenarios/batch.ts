/** A hundred tickets are created by one request. */
import { contender } from '../lib/contender.ts'
import { create, createBatch } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { besides } from '../lib/rows.ts'
import { WEBDIS_CONNECTIONS, webdisContender } from '../lib/webdis.ts'
import type { Scenario } from './index.ts'

const SIZE = 100
const CONNECTIONS = 16

export const batch: Scenario = {
  name: 'batch',
  title: 'Creating tickets by the hundred',
  minutes: 1,
  needs: ['wrk'],
  wants: ['webdis'],

  async run ({ stage, plan, has, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    const seconds = plan.sliceSeconds
    const batches = { stage, seconds, requests: [createBatch(SIZE, service.key)], statuses: [200], connections: CONNECTIONS, ticketsPerRequest: SIZE }

    const contenders = [
      contender({ ...batches, name: 'service', server: service }),
      contender({ ...batches, name: 'bare', server: await stage.bare() }),
      contender({ stage, seconds, name: 'single', server: service, requests: [create(service.key)], statuses: [201] }),
    ]
    if (has('webdis')) contenders.push(await webdisContender({ stage, redis, seconds }))
    const series = await interleave({ contenders, rounds: plan.rounds(6), warmup: plan.warmup, note, figure: ({ rate }) => rate })
    return besides({
      scenario: 'batch',
      work: `POST batches of ${SIZE}, ${CONNECTIONS} connections`,
      unit: 'tickets/s',
      series,
      subject: 'service',
      others: [
        { name: 'webdis', label: `Webdis, one thread, bare HSET of one, ${WEBDIS_CONNECTIONS} connections`, bar: { op: '>=', value: 2 } },
        { name: 'bare', label: 'the same Fastify route without a store' },
        { name: 'single', label: 'POST of one, 64 connections', chart: `Tickets by batches of ${SIZE}, beside POST of one` },
      ],
    })
  },
}
