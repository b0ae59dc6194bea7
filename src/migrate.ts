/** Brings the MySQL schema up to date: `npm run migrate`, for MYSQL_MIGRATE=false. */
import { ConfigError, environment, loadConfig, type Config } from './config.ts'
import { createMysql } from './mysql/mysql.ts'
import { toDatabaseError } from './mysql/failure.ts'
import { migrate } from './mysql/migrate.ts'

/** undefined: it will not do, which has been said in one line. */
function readConfig (): Config | undefined {
  try {
    return loadConfig(environment())
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    console.error(`the schema cannot be migrated: ${error.message}`)
    process.exitCode = 1
  }
}

async function run (config: Config) {
  const mysql = createMysql(config, async connection => {
    const run = await migrate(connection, config.TICKETS_TABLE)
    console.log(run.length > 0 ? `${config.TICKETS_TABLE}: ran ${run.join(', ')}` : `${config.TICKETS_TABLE} is up to date`)
  })
  try {
    await mysql.ready()
  } catch (error) {
    const { cause, message } = toDatabaseError(error)
    console.error(`${config.TICKETS_TABLE} could not be migrated: ${cause instanceof Error ? cause.message : message}`)
    process.exitCode = 1
  } finally {
    await mysql.close()
  }
}

const config = readConfig()
if (config) await run(config)
