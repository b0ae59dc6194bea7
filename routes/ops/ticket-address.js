/** Addresses of the view of tickets, which hold its filters. */

/** An address of this view. @param {URLSearchParams} query */
export const addressOf = query => `#tickets${query.size > 0 ? `?${query}` : ''}`

/**
 * @param {URLSearchParams} query
 * @param {string} name
 * @param {string | null} value null: without it
 */
export function changed (query, name, value) {
  const other = new URLSearchParams(query)
  if (value === null) other.delete(name)
  else other.set(name, value)
  return other
}
