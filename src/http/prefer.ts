import { Type } from '../util/schema.ts'

/** What `prefersMinimal` has applied (RFC 7240, section 3). */
export const RETURN_MINIMAL = 'return=minimal'

/** The header of a write. What it holds beside `return` is ignored, as RFC 7240, section 2, wants it. No example: Swagger UI would send it. */
export const Prefer = Type.String({ description: '`return=minimal`: a success has no body (RFC 7240). Other preferences are ignored' })

/** The header of an answer. */
export const PreferenceApplied = { type: 'string', enum: [RETURN_MINIMAL], description: 'There is no body, as Prefer asks for' }

/** Whether a success is to have no body: RFC 7240, section 4.2. Of several `return`, the first counts. */
export function prefersMinimal (header: string | undefined): boolean {
  const first = header?.split(',').find(preference => /^\s*return\s*=/i.test(preference))
  return first !== undefined && /^[^=]*=\s*"?minimal"?\s*(;|$)/i.test(first)
}
