import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { createAddresses, isWide, type Addresses } from '../src/http/client-address.ts'

declare module 'fastify' {
  interface FastifyInstance { clientAddresses: Addresses }
  interface FastifyRequest {
    /** Whose it is: through proxies of TRUST_PROXY the address that they name, else that of the connection. */
    readonly address: string
  }
}

/** Whose a request is. The framework's own `ip` is that of the connection, and nobody asks for it. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const addresses = createAddresses(config.TRUST_PROXY)
  app.decorate('clientAddresses', addresses)
  app.decorateRequest('address', { getter () { return addresses.addressOf(this.raw) } })

  const networks = config.TRUST_PROXY.filter(isWide)
  if (networks.length > 0) app.log.warn({ networks }, 'TRUST_PROXY names whole networks: whoever calls from one of them chooses the address that limits and logs see; name the proxies alone')
}, { name: 'addresses' })
