import { randomBytes } from 'node:crypto'
import type { RawRequestDefaultExpression } from 'fastify'

/** What a log line, a header and a person can hold without a doubt. */
const GIVEN = /^[A-Za-z0-9._:-]{1,64}$/

/** Names the requests: as the caller does in X-Request-Id, if that will do, else by a number that is unique over restarts. */
export function createRequestIds () {
  const run = randomBytes(4).toString('hex')
  let requests = 0
  return ({ headers }: RawRequestDefaultExpression): string => {
    const given = headers['x-request-id']
    return typeof given === 'string' && GIVEN.test(given) ? given : `${run}-${++requests}`
  }
}
