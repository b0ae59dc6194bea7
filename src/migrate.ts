/** Brings the MySQL schema up to date: `npm run migrate`, for MYSQL_MIGRATE=false. */
import { environment, loadConfig } from './config.ts'
import { createDatabase } from './mysql/mysql.ts'
import { toDatabaseError } from './mysql/failure.ts'
import { migrate } from './mysql/migrate.ts'

const config = loadConfig(environment())
const database = createDatabase(config, async connection => {
  const run = await migrate(connection, config.TICKETS_TABLE)
  console.log(run.length > 0 ? `${config.TICKETS_TABLE}: ran ${run.join(', ')}` : `${config.TICKETS_TABLE} is up to date`)
})
try {
  await database.ready()
} catch (error) {
  const { cause, message } = toDatabaseError(error)
  console.error(`${config.TICKETS_TABLE} could not be migrated: ${cause instanceof Error ? cause.message : message}`)
  process.exitCode = 1
} finally {
  await database.close()
}
