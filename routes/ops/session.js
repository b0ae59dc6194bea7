/** The key of whoever is signed in. It lives in this tab: a reload keeps it, another tab does not know it. */

const NAME = 'ticket-metadata-service.ops.key'

export const session = {
  /** @returns {string | null} */
  get key () { return sessionStorage.getItem(NAME) },
  /** @param {string} key */
  keep (key) { sessionStorage.setItem(NAME, key) },
  forget () { sessionStorage.removeItem(NAME) },
}
