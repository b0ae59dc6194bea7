import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'mysql2/promise'
import type { Config } from '../config.ts'

export const CONNECT_TIMEOUT_MS = 2000

/**
 * Strict, so that nothing is cut or converted silently; without NO_BACKSLASH_ESCAPES, because values
 * are escaped with backslashes; without SIMULTANEOUS_ASSIGNMENT, because the upsert relies on the order.
 */
export const SESSION = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 5"

/** Of every connection. */
export const connectionOptions = ({ MYSQL_URL, MYSQL_PASSWORD, MYSQL_TLS_CA_FILE }: Config): ConnectionOptions => ({
  uri: MYSQL_URL,
  ...(MYSQL_PASSWORD !== undefined && { password: MYSQL_PASSWORD }),
  connectTimeout: CONNECT_TIMEOUT_MS,
  charset: 'utf8mb4',
  // Values come back as text where JavaScript has no exact type; the codec converts them.
  dateStrings: true,
  jsonStrings: true,
  supportBigNumbers: true,
  ...(MYSQL_TLS_CA_FILE && { ssl: { ca: readFileSync(MYSQL_TLS_CA_FILE, 'utf8'), verifyIdentity: true } }),
})
