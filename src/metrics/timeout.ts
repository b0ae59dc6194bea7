/**
 * How long a scrape waits for a store. Prometheus gives a scrape 10 s by default. Less than the time after
 * which src/mysql/database.ts takes a late answer for a sign that MySQL is away: to look changes nothing.
 */
export const SCRAPE_TIMEOUT_MS = 900
