import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback } from '../config.ts'

const PORT = /:\d*$/
const SCHEME = /^https?:\/\//

/**
 * Whether a page of another site sends the request through somebody's browser on this machine. Without API keys
 * loopback is what keeps others out, and a browser would carry them in: by a form or a `no-cors` request
 * (https://www.w3.org/TR/fetch-metadata/), or under a name of theirs that they have let point to 127.0.0.1.
 * @param origins CORS_ORIGINS, whose pages may call
 */
export function isFromOtherSite ({ 'sec-fetch-site': site, origin, host }: IncomingHttpHeaders, origins: readonly string[]): boolean {
  return (!origins.includes(origin ?? '') && isCrossSite(site, origin)) || (host !== undefined && !isLoopback(host.replace(PORT, '')))
}

function isCrossSite (site: string | string[] | undefined, origin: string | undefined): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  // Browsers that do not say more send this with whatever is no plain GET; "null" hides where it comes from.
  return origin !== undefined && !isLoopback(origin.replace(SCHEME, '').replace(PORT, ''))
}
