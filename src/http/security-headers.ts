/**
 * For answers that are data: no browser shall take them for a page, frame them, or keep them
 * (https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers). Strict-Transport-Security
 * is left to the proxy that speaks TLS.
 */
export const DATA_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const
