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

/**
 * What proxies, tunnels and content networks add to what they forward. Those of a family begin alike.
 * Forwarded: RFC 7239; Via: RFC 9110, section 7.6.3; CDN-Loop: RFC 8586.
 */
const FORWARDED = /^(forwarded$|via$|cdn-loop$|x-(forwarded|original|real-ip$|client-ip$|cluster-client-ip$|proxy|envoy|amzn-trace-id$|azure)|cf-|true-client-ip$|fastly-|fly-)/

/**
 * The sign by which a request was forwarded from who may be anywhere, though its connection and its Host are this machine's;
 * undefined: none. nginx adds no header unless it is told to, and speaks HTTP/1.0 to the service by default (before 1.29.7), which
 * programs of today do not. A proxy that is told to speak HTTP/1.1 and adds nothing cannot be told from a program.
 */
export function signOfProxy (headers: IncomingHttpHeaders, httpVersion: string): string | undefined {
  for (const name in headers) if (FORWARDED.test(name)) return name
  return httpVersion === '1.0' ? 'HTTP/1.0' : undefined
}
