/** Creating tickets in a Redis Cluster: the writes of a turn share one script call for each master, and so more and smaller calls than on one Redis. */
import { contender } from '../lib/contender.ts'
import { create } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { besides } from '../lib/rows.ts'
import type { Scenario } from './index.ts'

/** With fewer a Cluster does not elect a master. */
const MASTERS = 3

export const cluster: Scenario = {
  name: 'cluster',
  title: 'Creating a ticket in a Redis Cluster',
  minutes: 0.9,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb, variables] = await Promise.all([stage.redis(), stage.mariadb(), stage.cluster(MASTERS)])
    const one = await stage.service({ redis, mariadb })
    const many = await stage.service({ redis, mariadb, variables: { ...variables, TICKETS_TABLE: 'clustered' } })
    const contenders = [{ name: 'one', server: one }, { name: 'cluster', server: many }].map(({ name, server }) => contender({
      name, stage, server, seconds: plan.sliceSeconds, requests: [create(server.key)], statuses: [201],
    }))
    const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })
    return besides({
      scenario: 'cluster',
      work: `POST a ticket, Cluster of ${MASTERS} masters, 64 connections`,
      unit: 'requests/s',
      series,
      subject: 'cluster',
      others: [{ name: 'one', label: 'POST a ticket, one Redis', bar: { op: '>=', value: 0.8 }, chart: `POST a ticket, Cluster of ${MASTERS} masters, beside one Redis` }],
    })
  },
}
