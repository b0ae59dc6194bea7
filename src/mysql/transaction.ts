/** What statements on one connection have in common. */

/** One statement on the connection. */
export type Query = <Rows>(sql: string, values: unknown[]) => Promise<Rows>

/**
 * Every statement sees what was committed before it, and locks rows alone. Gaps that were locked too would make writers of
 * neighbouring rows wait for each other in a circle.
 */
export const READ_COMMITTED = ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'BEGIN']

/** Every statement sees what was committed when it began, and nothing is locked. */
export const SNAPSHOT = ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY']

/**
 * Runs `work` in a transaction, which is rolled back when it rejects.
 * @param begin READ_COMMITTED, or SNAPSHOT
 */
export async function inTransaction<T> (query: Query, begin: readonly string[], work: (query: Query) => Promise<T>): Promise<T> {
  for (const statement of begin) await query(statement, [])
  try {
    const result = await work(query)
    await query('COMMIT', [])
    return result
  } catch (error) {
    // A connection that cannot roll back is not used again: the server ends its transaction with it.
    await query('ROLLBACK', []).catch(() => {})
    throw error
  }
}

/** Runs `work` while nobody else has the lock of this name (GET_LOCK); undefined: somebody has. */
export async function withLock<T> (query: Query, lock: string, work: (query: Query) => Promise<T>): Promise<T | undefined> {
  const [row] = await query<{ granted: number }[]>('SELECT GET_LOCK(?, 0) AS granted', [lock])
  if (row!.granted !== 1) return undefined
  try {
    return await work(query)
  } finally {
    // A connection that cannot release it is lost, and the lock with it.
    await query('DO RELEASE_LOCK(?)', [lock]).catch(() => {})
  }
}
