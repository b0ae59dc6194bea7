/**
 * What is wrong with the value of a variable, in words that follow its name; undefined: nothing. Of a URL nothing is repeated:
 * any part of it may be one of a password whose special characters are not encoded.
 */
type Fault = string | undefined

const PORT_MAX = 65_535

const DATABASE = /^\/(0|[1-9]\d{0,4})$/

/** What the parts of every URL must be; the drivers would pass over what they do not know, or connect elsewhere. */
function findUrlFault (text: string): Fault {
  // URL would leave them out without a word, and the password be another one.
  if (/[\t\r\n]/.test(text)) return 'has a tab or a line break: encode it (%09, %0A, %0D) where it is part of the password'
  try {
    const { username, password, port, hash, hostname } = new URL(text)
    decodeURIComponent(username + password)
    if (hash !== '' || text.endsWith('#')) return 'has a #: encode it as %23 where it is part of the password'
    if (port === '0') return `names the port 0: ports are 1 to ${PORT_MAX}`
    if (/[\s,%]/.test(hostname)) return 'must name one host: look at what stands after the @'
    return undefined
  } catch {
    return 'is not a URL: look at its port, and encode special characters of the password (/ is %2F, % is %25)'
  }
}

/** @param mode REDIS_MODE */
export function findRedisUrlFault (text: string, mode: string): Fault {
  const fault = findUrlFault(text)
  if (fault) return fault
  const { hostname, pathname, search } = new URL(text)
  if (search !== '' || text.endsWith('?')) return 'has options behind a ?, and there are none: take them out, or encode the ? as %3F where it is part of the password'
  if (hostname === '' && mode === 'standalone') return 'names no host: redis://host:port/database'
  if (pathname === '' || pathname === '/') return undefined
  if (!DATABASE.test(pathname)) return 'must end with the number of a database, such as /0, or with none: redis://host:port/database'
  return mode === 'cluster' && pathname !== '/0' ? 'names a database, and a Cluster has 0 alone: end it with /0' : undefined
}

/** The driver lets the options of a URL win over those that are set for it, and statements and codec rely on these. */
const MYSQL_OPTIONS = ['ssl', 'socketPath']

export function findMysqlUrlFault (text: string): Fault {
  const fault = findUrlFault(text)
  if (fault) return fault
  const { pathname, searchParams } = new URL(text)
  if (!/^\/[^/]+$/.test(pathname)) return 'must name one database after the port: mysql://user:password@host:port/database (in the password, / is %2F and ? is %3F)'
  // Its name may be the rest of a password with a ? in it.
  if ([...searchParams.keys()].some(name => !MYSQL_OPTIONS.includes(name))) return `has an option that it may not have: take all out but ${MYSQL_OPTIONS.join(' and ')}`
  return searchParams.getAll('ssl').every(isSslOption) ? undefined : 'has an option ssl that is neither JSON, such as {"rejectUnauthorized":true}, nor Amazon RDS'
}

/** What the driver takes: options of TLS, or the name of its one profile. It would repeat anything else in its error, and a key may be in it. */
function isSslOption (text: string): boolean {
  if (text === 'Amazon RDS') return true
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** @param texts each host:port, of the form that the schema asks for */
export function findAddressFault (texts: readonly string[]): Fault {
  if (texts.some(text => text.includes('@'))) return 'has an @: it takes host:port alone, and the user and the password have variables of their own'
  const wrong = texts.find(text => {
    const port = Number(text.slice(text.lastIndexOf(':') + 1))
    return port < 1 || port > PORT_MAX || !URL.canParse(`redis://${text}`)
  })
  return wrong === undefined ? undefined : `names ${wrong}, which is no host and port: ports are 1 to ${PORT_MAX}, and an IPv6 address has brackets`
}

/** As the column VARCHAR(64) counts them: an emoji is one. */
const STATUS_MAX = 64

/** The names of statuses, as people give them: one line of any characters. A comma cannot be part of one, since it divides the list. */
export function findStatusFault (texts: readonly string[]): Fault {
  for (const text of texts) {
    if (text === '') return 'has an empty entry: take one of the commas out'
    if ([...text].length > STATUS_MAX) return `names ${text}, which has more than ${STATUS_MAX} characters`
    if (/\p{Cc}/u.test(text)) return `names ${JSON.stringify(text)}, which has a control character`
    // Half of a surrogate pair has no UTF-8 form, and bytes that are not UTF-8 were replaced by U+FFFD when they were read.
    if (!text.isWellFormed() || text.includes('\ufffd')) return `names ${text.toWellFormed()}, which is not UTF-8: look at the encoding of the file`
  }
}

/** @param texts each the origin of pages, as browsers write it (RFC 6454, section 6.2) */
export function findOriginFault (texts: readonly string[]): Fault {
  for (const text of texts) {
    if (text.includes('*')) return 'has a *, which would let pages call that nobody thought of: name each origin in full, such as https://desk.example'
    const url = URL.parse(text)
    // Not as it is: a URL may have a password in it.
    if (!url || !/^https?:$/.test(url.protocol)) return 'has an entry that is no origin: it must be like https://desk.example or http://localhost:8080'
    if (url.origin !== text) return `has an entry with more or less than a browser sends as an origin: write ${url.origin}`
  }
}
