/** A ticket is read. */
import { besideBare } from '../lib/beside-bare.mjs'
import { read } from '../lib/requests.mjs'

/** @type {import('./index.mjs').Scenario} */
export const get = {
  name: 'get',
  title: 'Reading a ticket',
  minutes: 1.2,
  needs: ['wrk'],
  wants: [],
  run: (context) => besideBare(context, {
    scenario: 'get',
    work: 'GET a ticket, 64 connections',
    requests: (key) => [read(key)],
    bar: { op: '>=', value: 0.85 },
  }),
}
