import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

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
 * Gives the routes of this app the headers of pages.
 * @param styles hashes of inline styles that a page cannot do without
 */
export async function protectPages (app: FastifyInstance, styles: readonly string[] = []): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { ...PAGE_POLICY, 'style-src': [...PAGE_POLICY['style-src'], ...styles.map(hash => `'${hash}'`)] } },
    xFrameOptions: { action: 'deny' },
    // The service speaks HTTP. Who speaks TLS says for how long.
    strictTransportSecurity: false,
  })
}
