import type { Test } from 'tap'
import { eventually, type Service } from '../helper.ts'

/** Numbers and words that stand nowhere else. */
export const CUSTOMER = 987_654_321
export const OTHER = 555_444_333
export const MARK = 'zanzibar'

export const create = (fields: object = {}) => ({ customer_id: CUSTOMER, subject: `about ${MARK}`, custom_fields: { note: MARK }, ...fields })

/** Resolves with the erasure when it is in this state. */
export const reached = ({ call }: Pick<Service, 'call'>, id: number, wanted: object) => eventually(async () => {
  const { body } = await call('GET', `/erasures/${id}`)
  if (Object.entries(wanted).some(([name, value]) => body[name] !== value)) throw new Error(JSON.stringify(body))
  return body
})

export const done = (service: Pick<Service, 'call'>, id: number) => reached(service, id, { state: 'done' })

export async function erase (t: Test, service: Pick<Service, 'call'>, customer = CUSTOMER) {
  const { status, headers, body } = await service.call('POST', '/erasures', { customer_id: customer })
  t.equal(status, 202)
  t.equal(headers.location, `/erasures/${body.erasure_id}`)
  return body.erasure_id as number
}
