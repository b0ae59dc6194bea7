/** What MySQL has counted since it was started. */
import { withSql } from './stores.mjs'

/**
 * @param {import('./stage.mjs').Mariadb} mariadb
 * @param {readonly string[]} names of its status variables
 * @returns {Promise<Map<string, number>>}
 */
export function mysqlCounters (mariadb, names) {
  return withSql(mariadb, async (sql) => {
    const [rows] = await sql.query('SHOW GLOBAL STATUS WHERE Variable_name IN (?)', [names])
    return new Map(/** @type {{ Variable_name: string, Value: string }[]} */ (rows).map(({ Variable_name: name, Value: value }) => [name, Number(value)]))
  })
}

/**
 * @param {import('./stage.mjs').Mariadb} mariadb
 * @returns {Promise<number>} statements that clients have sent, this one included
 */
export async function questions (mariadb) {
  return (await mysqlCounters(mariadb, ['Questions'])).get('Questions') ?? NaN
}
