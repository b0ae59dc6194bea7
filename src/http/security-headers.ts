import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

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

/** Pages load and ask nothing but this service. Nothing of them is inline. */
const PAGE_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
}

/**
 * Gives the routes of this context the headers of pages. Helmet makes all of them anew for each request, so only here.
 * @param styles hashes of inline styles that a page cannot do without
 */
export async function protectPages (app: FastifyInstance, styles: readonly string[] = []): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    for (const name of Object.keys(DATA_HEADERS)) reply.removeHeader(name)
  })
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { ...PAGE_POLICY, 'style-src': [...PAGE_POLICY['style-src'], ...styles.map(hash => `'${hash}'`)] } },
    xFrameOptions: { action: 'deny' },
    // The service speaks HTTP. Who speaks TLS says for how long.
    strictTransportSecurity: false,
  })
}
