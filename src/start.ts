import { existsSync } from 'node:fs'
import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { ConfigError, environment, loadConfig, type Config } from './config.ts'
import { terminal } from './logger.ts'
import { UnsafeEvictionError } from './redis/check.ts'
import { lowerBackgroundThreads } from './util/background-threads.ts'
import { runningLookups } from './util/lookup.ts'

/** What the system says to an address that cannot be listened on. */
const LISTEN_ERRORS = ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND', 'EAI_AGAIN']

const SHELL = '/bin/sh'

/**
 * Ends the process. `process.exit` waits for every thread, and one that asks a name server which does not answer takes as
 * long as the system's resolver is set to wait. Then another program takes the place of the process, which ends its threads.
 */
function end (status: 0 | 1): never {
  if (runningLookups() === 0) process.exit(status)
  // Node 24 has it, too; without a shell there is no way to end at once with a status.
  if (existsSync(SHELL)) process.execve!(SHELL, ['sh', '-c', `exit ${status}`], {})
  process.kill(process.pid, 'SIGKILL')
  throw new Error('the process has ended')
}

/** Ends the process with one line; what is set up wrong does not need a stack. */
function refuse (error: unknown): never {
  const known = error instanceof ConfigError || error instanceof UnsafeEvictionError
  process.stderr.write(`ticket-metadata-service cannot start: ${known ? error.message : (error as Error).stack ?? String(error)}\n`)
  end(1)
}

async function start (config: Config) {
  const app = await buildApp(config, await terminal())
  const giveUp = (message: string, err?: unknown) => {
    app.log.fatal({ err }, message)
    end(1)
  }
  closeWithGrace({
    delay: config.SHUTDOWN_GRACE_MS,
    logger: app.log,
    onTimeout: () => { giveUp('the service has not stopped within SHUTDOWN_GRACE_MS') },
    onSecondSignal: () => { giveUp('a second signal: ending at once') },
    onSecondError: error => { giveUp('a second error: ending at once', error) },
  }, async ({ signal, err }) => {
    if (err) app.log.fatal({ err }, 'closing after an error')
    else app.log.info({ signal }, 'closing')
    await app.close().catch((error: unknown) => { giveUp('closing has failed', error) })
    end(err ? 1 : 0)
  })
  await app.listen({ host: config.HOST, port: config.PORT }).catch((error: NodeJS.ErrnoException) => {
    if (!LISTEN_ERRORS.includes(error.code ?? '')) throw error
    throw new ConfigError(`HOST and PORT: cannot listen on ${config.HOST} port ${config.PORT} (${error.code})`)
  })
  if (config.API_KEYS.length === 0) app.log.info('there are no API_KEYS: whoever is on this machine may do everything; listening on loopback only')
}

lowerBackgroundThreads()
try {
  await start(loadConfig(environment()))
} catch (error) {
  refuse(error)
}
