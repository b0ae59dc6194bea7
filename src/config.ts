import { X509Certificate } from 'node:crypto'
import { readFileSync, existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { createFinder, withDefaults } from './util/ajv.ts'
import { Type, type Static, type TSchema } from './util/schema.ts'
import { findAddressFault, findMysqlUrlFault, findOriginFault, findRedisUrlFault, findStatusFault } from './util/settings.ts'
import { fromTexts } from './util/text.ts'
import { readValue } from './util/value-file.ts'
import { findPostTypeFault, findTableFault } from './util/wordpress-names.ts'

interface Package { version: string }

/** The version of package.json. */
export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Package

/** Addresses and names that only this machine reaches. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i

/** @param host without a port */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

const Milliseconds = (description: string, value: number, minimum = 1) =>
  Type.Integer({ default: value, minimum, maximum: 86_400_000, description })

const pairs = (description: string) => Type.Array(Type.String(), { default: [], description })

const names = (description: string, value: string[]) =>
  Type.Array(Type.String(), { default: value, minItems: 1, uniqueItems: true, description })

const addresses = (description: string) =>
  Type.Array(Type.String({ pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[^\\s:\\[\\]]+):\\d{1,5}$' }), { default: [], uniqueItems: true, description })

/** Of a variable whose value is JSON: a file with it may have any number of lines. */
const JSON_TEXT = 'application/json'

/** The whole environment of the service: validation, type, defaults and documentation in one. */
export const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', minLength: 1, description: 'Address to listen on. Any other than loopback needs API_KEYS' }),
  PORT: Type.Integer({ default: 3000, minimum: 0, maximum: 65_535, description: 'Port to listen on; 0 takes a free one' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info', description: 'info: also who is refused, and what was flushed; debug: every request' }),
  DOCS: Type.Optional(Type.Enum(['on', 'off'], { description: 'Swagger UI at /docs and the description at /openapi.json, for anyone without a key. Default: on when HOST is loopback, else off' })),

  API_KEYS: Type.Array(Type.String(), { default: [], description: 'Who may call, as name:scopes:sha256-hex,... (npm run key makes one); scopes are read, write, erase (delete tickets) and ops, joined by +. Without any, everybody who reaches HOST may do everything' }),

  RATE_LIMIT_MAX: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'Requests that a key, or an address when there are no keys, may make in RATE_LIMIT_WINDOW_MS, over all instances; then 429. Without it there is no limit for them. Wrong keys and paths are always limited' })),
  RATE_LIMIT_WINDOW_MS: Milliseconds('The time in which requests are counted', 60_000, 1000),
  CORS_ORIGINS: Type.Array(Type.String(), { default: [], uniqueItems: true, description: 'The web pages of another origin that may call from a browser, such as https://desk.example,http://localhost:8080. Without any, browsers keep such pages out' }),
  TRUST_PROXY: Type.Array(Type.String(), { default: [], uniqueItems: true, description: 'The proxies before the service, each by its address, such as 192.0.2.10,192.0.2.11, or by a network that holds nothing else: only they are believed when X-Forwarded-For names another address. Needs API_KEYS' }),
  MAX_CONNECTIONS: Type.Integer({ default: 10_000, minimum: 1, maximum: 1_000_000, description: 'Connections at a time; fewer where the system lets the process open less. When all are taken, the oldest idle one, of the address that has the most, gives way to a new one' }),
  MAX_CONNECTIONS_PER_ADDRESS: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Of MAX_CONNECTIONS, those of one address (an IPv6 /64 is one). Past it the address\'s own oldest idle one gives way. Proxies of TRUST_PROXY have no such limit: behind them it bounds the requests that an address has in flight. Default: half of MAX_CONNECTIONS' })),
  MAX_EVENT_LOOP_DELAY_MS: Milliseconds('Requests are 503 overloaded while the process is so far behind its work, on average of the last second', 500, 10),

  REDIS_MODE: Type.Enum(['standalone', 'sentinel', 'cluster'], { default: 'standalone', description: 'standalone: the server of REDIS_URL; sentinel: the master that REDIS_SENTINELS name; cluster: the masters of a Cluster' }),
  REDIS_URL: Type.String({ default: 'redis://127.0.0.1:6379/0', pattern: '^rediss?://', description: 'redis://host:port/database; rediss:// is TLS, to the Sentinels too. The host is that of standalone alone; a Cluster has the database 0 alone' }),
  REDIS_USERNAME: Type.Optional(Type.String({ description: 'When it is not part of REDIS_URL' })),
  REDIS_PASSWORD: Type.Optional(Type.String({ description: 'When it is not part of REDIS_URL' })),
  REDIS_TLS_CA_FILE: Type.Optional(Type.String({ minLength: 1, description: 'Path of the certificates (PEM) that the certificate of Redis must descend from; without it, those that Node knows' })),
  REDIS_SENTINELS: addresses('The Sentinels, host:port,...'),
  REDIS_SENTINEL_NAME: Type.String({ default: 'tickets', minLength: 1, description: 'What the Sentinels call the master' }),
  REDIS_SENTINEL_USERNAME: Type.Optional(Type.String({ description: 'For the Sentinels themselves' })),
  REDIS_SENTINEL_PASSWORD: Type.Optional(Type.String({ description: 'For the Sentinels themselves' })),
  REDIS_CLUSTER_NODES: addresses('Some nodes of the Cluster, host:port,...; they name the others'),
  REDIS_PARTITIONS: Type.Integer({ default: 16, minimum: 1, maximum: 1024, description: 'cluster: the number of parts that the tickets are divided into, each on one master: at least as many as masters that you will ever have. With more of them a write costs more. It cannot be changed once there are tickets' }),
  REDIS_PARTITION_BLOCK: Type.Integer({ default: 64, minimum: 1, maximum: 65_536, description: 'cluster: the number of consecutive ids that are in one partition: what is asked for together shares calls. It cannot be changed once there are tickets; those of a version without it have 1' }),
  REDIS_COMMAND_TIMEOUT_MS: Milliseconds('A write that Redis does not answer in this time is 503 outcome_unknown, and is not applied later', 1000, 10),
  REDIS_WAIT_REPLICAS: Type.Integer({ default: 0, minimum: 0, maximum: 100, description: 'A write is answered when this number of replicas has it, and is 503 outcome_unknown when they do not confirm it within REDIS_COMMAND_TIMEOUT_MS' }),
  KEY_PREFIX: Type.String({ default: '', maxLength: 64, pattern: '^[^{}\\s]*$', description: 'Stands before every key, for a Redis that is shared' }),
  ALLOW_UNSAFE_EVICTION: Type.Boolean({ default: false, description: 'true: start although the maxmemory-policy of Redis may evict tickets that MySQL does not hold' }),

  MYSQL_URL: Type.String({ default: 'mysql://root@127.0.0.1:3306/tickets', pattern: '^mysql://[^/]+/[^/?]+', description: 'mysql://user:password@host:port/database; encode special characters of the password' }),
  MYSQL_PASSWORD: Type.Optional(Type.String({ description: 'When it is not part of MYSQL_URL; any characters, none encoded' })),
  MYSQL_TLS_CA_FILE: Type.Optional(Type.String({ minLength: 1, description: 'Path of the certificates (PEM) that the certificate of MySQL must descend from. Connections are encrypted then, and the name of the host is checked' })),
  MYSQL_MIGRATE: Type.Boolean({ default: true, description: 'Create and update the table at the first connection. false: run npm run migrate' }),
  TICKETS_TABLE: Type.String({ default: 'wp_support_tickets', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,47}$', description: 'Table of the tickets' }),

  SYNC_TARGET: Type.Enum(['table', 'wordpress'], { default: 'table', description: 'Where MySQL holds the tickets. table: TICKETS_TABLE; wordpress: the posts of a WordPress site whose ids the tickets bear' }),
  WORDPRESS_TABLE_PREFIX: Type.String({ default: 'wp_', pattern: '^[A-Za-z0-9_]{0,48}$', description: 'wordpress: $table_prefix of wp-config.php' }),
  WORDPRESS_POST_TYPE: Type.Optional(Type.String({ pattern: '^[a-z0-9_-]{1,20}$', description: 'wordpress, required: the post type of the tickets, such as ticket. Posts of any other type are neither read nor written. A type of WordPress itself, of a shop or of another well-known plugin is refused' })),
  WORDPRESS_STATUS_MAP: pairs('wordpress: post_status by status, such as open=publish,In Progress=in-progress; a status that is not named is the same in both, and must be named where it is none that a post can have (a-z, 0-9, _ and -, up to 20)'),
  WORDPRESS_META_KEYS: pairs('wordpress: meta key by field, such as customer_id=_ticket_customer,assigned_to=_agent; a field that is not named has _ticket_ before its name'),

  TICKET_STATUSES: names('The statuses, comma-separated: each 1 to 64 characters of any kind but commas and control characters, such as In Progress. The first is the one of a ticket that is created without. A ticket keeps a status that is taken out later; the start warns of it', ['open', 'pending', 'on-hold', 'resolved', 'closed']),
  TICKET_CLOSED_STATUSES: names('The statuses that close a ticket; part of TICKET_STATUSES. A ticket that is closed stays so until its status changes', ['resolved', 'closed']),
  TICKET_RETENTION_SECONDS: Type.Integer({ default: 604_800, minimum: 1, maximum: 315_360_000, description: 'A closed ticket stays in Redis this long after MySQL has it, and the tombstone of a deleted one in both' }),

  READ_CACHE_SECONDS: Type.Integer({ default: 60, minimum: 0, maximum: 86_400, description: 'A ticket that only MySQL holds stays in Redis this long after GET /tickets/:id has read it; 0: it is not put back. A read leaves a fifth of maxmemory to writes, and lists put nothing back' }),

  LISTS: Type.Enum(['on', 'off'], { default: 'on', description: 'on: GET /tickets with filters and GET /tickets/counts, for which Redis has indexes of the tickets that wait for MySQL, about 140 bytes each; off: both are 501, and when no instance has on, there are no indexes and writes are cheaper' }),

  CHANGES_RETENTION_SECONDS: Type.Integer({ default: 604_800, minimum: 0, maximum: 31_536_000, description: 'A change stays in the change log in Redis this long, some 20 bytes for each; 0: there is no change log' }),

  WEBHOOKS: Type.Optional(Type.String({ contentMediaType: JSON_TEXT, description: 'Who is told of changes, as JSON: a list of targets, each with name, url, secrets, events and allow_private (docs/webhooks.md). It has secrets in it: give it in a file' })),
  WEBHOOK_TIMEOUT_MS: Milliseconds('A delivery that is not answered whole in this time has failed', 15_000, 100),
  WEBHOOK_RETRY_SECONDS: Type.Array(Type.Integer({ minimum: 0, maximum: 604_800 }), { default: [5, 300, 1800, 7200, 18_000, 36_000, 50_400], minItems: 1, maxItems: 20, description: 'The pauses before a delivery that has failed is sent again, each up to a quarter longer; after the last it is dead' }),

  IDEMPOTENCY_TTL_SECONDS: Type.Integer({ default: 86_400, minimum: 1, maximum: 31_536_000, description: 'An Idempotency-Key is known for this long after its last use' }),

  FALLBACK: Type.Enum(['mysql', 'off'], { default: 'mysql', description: 'mysql: while Redis is unavailable, writes are kept in a journal in MySQL (202) and reads answered from MySQL; off: both are 503' }),
  JOURNAL_MAX_BYTES: Type.Integer({ default: 4 * 1024 ** 3, minimum: 1024 ** 2, maximum: 1024 ** 4, description: 'What the journal may hold in MySQL, about, each entry with 512 bytes beside its fields; then such writes are 503 overloaded. An API key may have as much there as is still free' }),

  SYNC_STRATEGY: Type.Enum(['hybrid', 'periodic', 'event'], { default: 'hybrid', description: 'hybrid: a ticket goes to MySQL when it is closed, changed while closed, or reopened; periodic: every change at the next interval; event: every change at once' }),
  SYNC_LINGER_MS: Milliseconds('event: wait this long, so that a burst on one ticket costs one row', 100, 0),
  FLUSH_INTERVAL_MS: Milliseconds('Pause between two flushes', 5000, 10),
  FLUSH_BATCH_SIZE: Type.Integer({ default: 500, minimum: 1, maximum: 2000, description: 'Tickets of one batch of a flush at most. Beside requests batches are smaller, until a backlog is minutes old' }),
  FLUSH_LEASE_MS: Milliseconds('The claims of a crashed instance come back after this time, and its webhooks are another one\'s', 30_000, 100),
  FLUSH_MAX_ATTEMPTS: Type.Integer({ default: 5, minimum: 1, maximum: 1000, description: 'A ticket that MySQL refuses this often becomes a dead letter' }),
  SHUTDOWN_GRACE_MS: Milliseconds('Time to answer requests and flush after SIGTERM', 10_000, 100),
})

export type Config = Static<typeof Environment>

/** Whether the service describes itself to everybody. */
export const showsDocs = ({ DOCS, HOST }: Config): boolean => DOCS === undefined ? isLoopback(HOST) : DOCS === 'on'

/**
 * A variable that does not do. The message is one line that names it. It never repeats a value that may be a secret, or a part
 * of one, and no error with the value is its cause: test/unit/secrets.test.ts tries every variable.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * The configuration that `environment` describes. `NAME_FILE` may hold the path of a file with the
 * value of NAME (util/value-file.ts); an empty value is as good as none.
 *
 * @throws {ConfigError}
 */
export function loadConfig (environment: NodeJS.ProcessEnv): Config {
  if (environment.ARCHIVE_TARGET || environment.ARCHIVE_TARGET_FILE) throw new ConfigError('ARCHIVE_TARGET is SYNC_TARGET now: rename it')
  const properties = Environment.properties as Record<string, TSchema>
  const texts: Record<string, string> = {}
  for (const name of Object.keys(properties)) {
    const text = fromEnvironment(environment, name, properties[name]!)
    if (text) texts[name] = text
  }
  const given = fromTexts(properties, texts)
  // Not as a whole: to compile the schemas of all variables takes a tenth of the start, and few are set.
  for (const [name, value] of Object.entries(given)) {
    const error = createFinder(properties[name]!)(value)
    if (error) throw new ConfigError(`${name} ${error.message}. ${(properties[name] as { description: string }).description}`)
  }
  const config = withDefaults(Environment, given)
  checkTogether(config as Config)
  return config as Config
}

function fromEnvironment (environment: NodeJS.ProcessEnv, name: string, schema: TSchema): string | undefined {
  const file = environment[`${name}_FILE`]
  if (!file) return environment[name]
  if (environment[name]) throw new ConfigError(`${name} and ${name}_FILE are both set: keep one of them`)
  const { type, contentMediaType } = schema as { type?: string, contentMediaType?: string }
  const { value, fault } = readValue(file, contentMediaType === JSON_TEXT ? 'text' : type === 'array' ? 'list' : 'line')
  refuse(`${name}_FILE`, fault)
  return value
}

/** @throws {ConfigError} when there is a fault */
function refuse (name: string, fault: string | undefined) {
  if (fault !== undefined) throw new ConfigError(`${name} ${fault}`)
}

function checkCertificates (name: string, file: string | undefined) {
  if (file === undefined) return
  try {
    // The first is enough: what is no certificate has none.
    void new X509Certificate(readFileSync(file))
  } catch (error) {
    // Without the path, as of every file: who takes the variable for another puts a secret there.
    throw new ConfigError(`${name} names a file that holds no certificate in PEM, or cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** In CIDR notation (RFC 4632), or one address. Not all addresses: a caller could then choose any address. */
function isNetwork (text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/**
 * What the schema cannot say: URLs that can be parsed, and what the variables must be to each other. What a variable means
 * to a part of the service alone, such as the keys of API_KEYS, is read there.
 */
function checkTogether (config: Config) {
  refuse('REDIS_URL', findRedisUrlFault(config.REDIS_URL, config.REDIS_MODE))
  refuse('MYSQL_URL', findMysqlUrlFault(config.MYSQL_URL))
  if (config.MYSQL_PASSWORD !== undefined && new URL(config.MYSQL_URL).password !== '') throw new ConfigError('MYSQL_PASSWORD is set, and MYSQL_URL has a password, too: keep one of them')
  for (const name of ['REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'] as const) refuse(name, findAddressFault(config[name]))
  for (const name of ['TICKET_STATUSES', 'TICKET_CLOSED_STATUSES'] as const) refuse(name, findStatusFault(config[name]))
  refuse('CORS_ORIGINS', findOriginFault(config.CORS_ORIGINS))
  if (config.REDIS_MODE === 'sentinel' && config.REDIS_SENTINELS.length === 0) throw new ConfigError('REDIS_SENTINELS is empty: REDIS_MODE=sentinel needs it, as host:port,...')
  if (config.REDIS_MODE === 'cluster' && config.REDIS_CLUSTER_NODES.length === 0) throw new ConfigError('REDIS_CLUSTER_NODES is empty: REDIS_MODE=cluster needs it, as host:port,...')
  if (config.MYSQL_TLS_CA_FILE && isIP(new URL(config.MYSQL_URL).hostname.replace(/^\[|\]$/g, ''))) throw new ConfigError('MYSQL_URL names an address. With MYSQL_TLS_CA_FILE it must be the host\'s name, which is compared with the certificate')
  for (const name of ['REDIS_TLS_CA_FILE', 'MYSQL_TLS_CA_FILE'] as const) checkCertificates(name, config[name])
  for (const status of config.TICKET_CLOSED_STATUSES) {
    if (!config.TICKET_STATUSES.includes(status)) throw new ConfigError(`TICKET_CLOSED_STATUSES names ${status}, which is not one of TICKET_STATUSES`)
  }
  const network = config.TRUST_PROXY.find(text => !isNetwork(text))
  if (network !== undefined) throw new ConfigError(`TRUST_PROXY names ${network}, which is neither an address such as 192.0.2.10 nor a network such as 192.0.2.8/29`)
  if (config.TRUST_PROXY.length > 0 && config.API_KEYS.length === 0) {
    throw new ConfigError('TRUST_PROXY is set and API_KEYS is empty: behind a proxy everybody could do everything. Make a key with npm run key -- NAME SCOPES')
  }
  refuse('WORDPRESS_POST_TYPE', findPostTypeFault(config.WORDPRESS_POST_TYPE, config.SYNC_TARGET))
  refuse('TICKETS_TABLE', findTableFault(config.TICKETS_TABLE, config.WORDPRESS_TABLE_PREFIX))
  if (config.WEBHOOKS !== undefined && config.CHANGES_RETENTION_SECONDS === 0) throw new ConfigError('WEBHOOKS is set and CHANGES_RETENTION_SECONDS is 0: webhooks need the change log')
  if (!isLoopback(config.HOST) && config.API_KEYS.length === 0) {
    throw new ConfigError('HOST is an address where others can reach the service, and API_KEYS is empty: make a key with npm run key -- NAME SCOPES, or set HOST=127.0.0.1')
  }
}

/** The only place that reads process.env; a `.env` file in the working directory adds what is not set. */
export function environment (): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}
