import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { createMysql } from '../src/mysql/mysql.ts'
import { toDatabaseError } from '../src/mysql/failure.ts'
import { migrate } from '../src/mysql/migrate.ts'

declare module 'fastify' {
  interface FastifyInstance { mysql: ReturnType<typeof connect> }
}

function connect (app: FastifyInstance, config: Config) {
  return createMysql(config, async connection => {
    if (!config.MYSQL_MIGRATE) return
    const run = await migrate(connection, config.TICKETS_TABLE)
    if (run.length > 0) app.log.info({ migrations: run }, 'the MySQL schema is up to date')
  }, app.grace.over('statements'))
}

/** A migration of another instance may take longer; the service serves from Redis meanwhile. */
const START_TIMEOUT_MS = 5000

/** The connection to MySQL. Ready when MySQL has answered or is known to be unavailable; every use tries again. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const mysql = connect(app, config)
  app.decorate('mysql', mysql)
  app.addHook('onClose', async () => {
    await mysql.close().catch((error: unknown) => { app.log.warn({ err: error }, 'MySQL did not let go of its connections') })
  })
  await mysql.query('SELECT 1', [], START_TIMEOUT_MS).catch((error: unknown) => {
    app.log.error({ err: toDatabaseError(error) }, 'MySQL cannot be used; tickets wait in Redis until it can')
  })
}, { name: 'mysql', dependencies: ['grace'] })
