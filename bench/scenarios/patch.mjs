/** A ticket's status is changed, and the whole ticket answered. */
import { besideBare } from '../lib/beside-bare.mjs'
import { changes } from '../lib/requests.mjs'

/** @type {import('./index.mjs').Scenario} */
export const patch = {
  name: 'patch',
  title: 'Changing a ticket',
  minutes: 1.2,
  needs: ['wrk'],
  wants: [],
  run: (context) => besideBare(context, {
    scenario: 'patch',
    work: 'PATCH status, answering the whole ticket, 64 connections',
    requests: changes,
    bar: { op: '>=', value: 0.8 },
  }),
}
