import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { ConfigError, environment, loadConfig, type Config } from './config.ts'
import { terminal } from './logger.ts'
import { UnsafeEvictionError } from './redis/check.ts'

/** What the system says to an address that cannot be listened on. */
const LISTEN_ERRORS = ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND', 'EAI_AGAIN']

/** Ends the process with one line; what is set up wrong does not need a stack. */
function refuse (error: unknown): never {
  const known = error instanceof ConfigError || error instanceof UnsafeEvictionError
  process.stderr.write(`ticket-metadata-service cannot start: ${known ? error.message : (error as Error).stack ?? String(error)}\n`)
  process.exit(1)
}

async function start (config: Config) {
  const app = await buildApp(config, await terminal())
  closeWithGrace({ delay: config.SHUTDOWN_GRACE_MS, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.fatal({ err }, 'closing after an error')
    else app.log.info({ signal }, 'closing')
    await app.close()
  })
  await app.listen({ host: config.HOST, port: config.PORT }).catch((error: NodeJS.ErrnoException) => {
    if (!LISTEN_ERRORS.includes(error.code ?? '')) throw error
    throw new ConfigError(`HOST and PORT: cannot listen on ${config.HOST} port ${config.PORT} (${error.code})`)
  })
  if (config.API_KEYS.length === 0) app.log.info('there are no API_KEYS: whoever is on this machine may do everything; listening on loopback only')
}

try {
  await start(loadConfig(environment()))
} catch (error) {
  refuse(error)
}
