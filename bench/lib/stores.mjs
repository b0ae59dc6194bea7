/** Looks past the service at what its databases hold. The drivers are there only when the npm packages are installed. */

/**
 * @template T
 * @param {import('./stage.mjs').RedisNode} server
 * @param {(redis: import('ioredis').Redis) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withRedis (server, work) {
  const { Redis } = await import('ioredis')
  const redis = new Redis(server.url)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

/**
 * @template T
 * @param {import('./stage.mjs').Mariadb} server
 * @param {(connection: import('mysql2/promise').Connection) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withSql (server, work) {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri: server.url })
  try {
    return await work(connection)
  } finally {
    connection.destroy()
  }
}

/**
 * @param {import('./stage.mjs').Mariadb} server
 * @param {string} sql that answers one row with `count`
 * @returns {Promise<number>}
 */
export async function count (server, sql) {
  return withSql(server, async (connection) => {
    const [rows] = await connection.query(sql)
    return Number(/** @type {{ count: number }[]} */ (rows)[0]?.count)
  })
}
