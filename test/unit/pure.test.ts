import t from 'tap'
import { ifMatch, ifNoneMatch, toEtag } from '../../src/http/etag.ts'
import { failureKind, isAnswer, textOf, toDatabaseError, toUnavailable, DatabaseUnavailable, RowsRefused } from '../../src/mysql/failure.ts'
import { toWriteProblem } from '../../src/redis/failure.ts'
import { createStrategy } from '../../src/tickets/strategy.ts'
import { COLUMNS, fromHash, fromRow, toHashChange, toRow, type Row } from '../../src/tickets/codec.ts'
import type { Ticket } from '../../src/tickets/ticket.ts'

const ticket: Ticket = {
  ticket_id: 12,
  customer_id: 5,
  subject: 'S',
  status: 'closed',
  category: 'c',
  priority: 'p',
  channel: 'chat',
  assigned_to: 7,
  custom_fields: { a: 1.5, b: 'x', c: false },
  created_at: 0,
  updated_at: 253_402_300_799,
  closed_at: 1_700_000_000,
  version: 1_700_000_000_123,
  synced_version: 1_700_000_000_123,
}
const bare: Ticket = { ticket_id: 1, customer_id: 1, status: 'open', created_at: 1, updated_at: 1, version: 1, synced_version: 1 }

t.test('codec: a ticket survives the hash and the row', async t => {
  for (const each of [ticket, bare]) {
    t.strictSame(fromHash(each.ticket_id, toHashChange(each).set), each)
    const row = Object.fromEntries(toRow(each).map((value, i) => [COLUMNS[i], value])) as Row
    t.strictSame(fromRow(row), each)
  }
  t.equal(toRow(ticket)[COLUMNS.indexOf('created_at')], '1970-01-01 00:00:00')
  t.equal(toRow(ticket)[COLUMNS.indexOf('updated_at')], '9999-12-31 23:59:59')
  t.equal(COLUMNS.at(-1), 'version', 'the upsert relies on it')
})

t.test('codec: what is no ticket is refused by the name of the field', async t => {
  const hash = Object.fromEntries(Object.entries({ customer_id: '5', status: 'open', created_at: '1', updated_at: '1', version: '1' }))
  const decode = (fields: Record<string, string>) => fromHash(1, Object.entries({ ...hash, ...fields }).flat())
  t.match(decode({ unknown: 'x', constructor: 'x', __proto__: 'x' }), { customer_id: 5 }, 'fields of others are passed over')
  for (const [field, value] of [['customer_id', 'abc'], ['customer_id', ''], ['customer_id', '-1'], ['customer_id', '1e3'], ['version', '9007199254740993'], ['custom_fields.a', '{'], ['custom_fields.a', '[]']] as const) {
    t.throws(() => decode({ [field]: value }), { name: 'CorruptTicketError', ticketId: 1, message: new RegExp(field) }, `${field} = ${value}`)
  }
  t.throws(() => fromHash(1, ['status', 'open']), { message: /customer_id is missing/ })
  t.throws(() => decode({ 'custom_fields.note': 'a private matter' }), { message: /custom_fields\.note is not JSON$/ }, 'without the text')
  t.throws(() => fromRow({ ...Object.fromEntries(toRow(bare).map((value, i) => [COLUMNS[i], value])), created_at: 'soon' }), { message: /created_at/ })
})

t.test('strategy', async t => {
  const table = (name: 'hybrid' | 'periodic' | 'event') => [[false, false], [false, true], [true, false], [true, true]]
    .map(([was, is]) => createStrategy(name, 100)(was!, is!, 1000))
  t.strictSame(table('hybrid'), [Infinity, 1000, 1000, 1000])
  t.strictSame(table('periodic'), [1000, 1000, 1000, 1000])
  t.strictSame(table('event'), [1100, 1100, 1100, 1100])
})

t.test('etag', async t => {
  t.equal(toEtag(12), '"12"')
  t.equal(ifMatch(undefined), undefined)
  t.equal(ifMatch(' * '), undefined)
  t.strictSame(ifMatch('"1", W/"2" ,"3"'), ['1', '2', '3'])
  t.strictSame(ifMatch('"1-gzip", W/"2-br", "3-zstd"'), ['1', '2', '3'], 'as proxies write them that compress')
  t.strictSame(ifMatch('W/"x", "1-x", "-gzip", "", "1,2"'), [], 'what is no version')
  for (const header of ['*', '"1"', 'W/"1"', '"1-gzip"', '"2", W/"1"']) t.ok(ifNoneMatch(header, 1), header)
  t.notOk(ifNoneMatch('"1"', 2))
  for (const header of ['1', '"1', '"1" "2"', '"1",', '']) t.throws(() => ifMatch(header), { code: 'validation_failed' }, header)
})

t.test('errors of Redis: surely not applied, or unknown', async t => {
  for (const message of ['LOADING Redis is loading', 'OOM command not allowed', 'READONLY You can\'t write', 'Stream isn\'t writeable and enableOfflineQueue options is false',
    'ERR Error running script: @user_script:1: MISCONF Redis is configured', 'NOPERM this user', 'MASTERDOWN Link']) {
    t.match(toWriteProblem(new Error(message)), { code: 'store_unavailable' }, message)
  }
  for (const message of ['Command timed out', 'Connection is closed.', 'Socket timeout. Expecting data', 'anything else']) {
    t.match(toWriteProblem(new Error(message)), { code: 'outcome_unknown' }, message)
  }
})

t.test('errors of MySQL: of the rows, or of the server', async t => {
  const error = (errno: number, sqlState: string) => toDatabaseError(Object.assign(new Error('x'), { errno, sqlState, sql: 'private' }))
  for (const [errno, state] of [[1264, '22003'], [1406, '22001'], [1048, '23000'], [4025, '23000'], [3819, 'HY000'], [1366, 'HY000'], [1644, '45000']] as const) {
    t.type(error(errno, state), RowsRefused, String(errno))
  }
  for (const [errno, state] of [[1213, '40001'], [1205, 'HY000'], [1146, '42S02'], [1142, '42000'], [1040, '08004'], [1290, 'HY000'], [1114, 'HY000'], [1053, '08S01']] as const) {
    t.type(error(errno, state), DatabaseUnavailable, String(errno))
  }
  t.notMatch(JSON.stringify(error(1146, '42S02')), 'private', 'the statement is left behind')
})

t.test('errors of MySQL: their kinds, and what leaves the connection usable', async t => {
  for (const [errno, sqlState, message, kind, isUsable] of [
    [1290, 'HY000', 'The MariaDB server is running with the --read-only option so it cannot execute this statement', 'read_only', false],
    [1290, 'HY000', 'The MySQL server is running with the --super-read-only option so it cannot execute this statement', 'read_only', false],
    [1290, 'HY000', 'The MySQL server is running with the --secure-file-priv option so it cannot execute this statement', 'refused', true],
    [1792, '25006', 'Cannot execute statement in a READ ONLY transaction.', 'read_only', false],
    [1836, 'HY000', 'Running in read-only mode', 'read_only', false],
    [1874, 'HY000', 'InnoDB is in read only mode.', 'read_only', false],
    [3100, 'HY000', "Error on observer while running replication hook 'before_commit'.", 'unavailable', false],
    [1047, '08S01', 'WSREP has not yet prepared node for application use', 'unavailable', false],
    [1053, '08S01', 'Server shutdown in progress', 'unavailable', false],
    [1927, '70100', 'Connection was killed', 'unavailable', false],
    [3168, 'HY000', "Server isn't available", 'unavailable', false],
    [3169, 'HY000', 'Session was killed', 'unavailable', false],
    [9001, 'HY000', 'Max connect timeout reached while reaching hostgroup 1 after 10000ms', 'unavailable', false],
    [1040, '08004', 'Too many connections', 'overloaded', false],
    [1226, '42000', "User 'tickets' has exceeded the 'max_user_connections' resource", 'overloaded', false],
    [1045, '28000', 'Access denied', 'refused', false],
    [1213, '40001', 'Deadlock found', 'lock_conflict', true],
    [1205, 'HY000', 'Lock wait timeout exceeded', 'lock_conflict', true],
    [1153, '08S01', "Got a packet bigger than 'max_allowed_packet' bytes", 'too_large', false],
    [1146, '42S02', "Table 'x' doesn't exist", 'refused', true],
  ] as const) {
    const error = Object.assign(new Error(message), { errno, sqlState })
    t.equal(failureKind(error), kind, message)
    t.equal(isAnswer(error), isUsable, message)
    const failure = toUnavailable(error, true)
    t.equal(failure.kind, kind)
    t.equal(failure.mayBeApplied, kind !== 'read_only', 'a server that may not write has not written')
    t.notMatch(failure.detail, /does not answer/)
  }
  t.equal(failureKind(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })), undefined, 'of anybody, until the driver says so')
  t.equal(toUnavailable(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), false).kind, 'unavailable')
  t.equal(toUnavailable(new Error('Queue limit reached.'), false).kind, 'overloaded')
  t.equal(new DatabaseUnavailable('late', { kind: 'timeout' }).again().kind, 'unavailable', 'who was not let through has not waited')
  t.equal(new DatabaseUnavailable('x', { kind: 'read_only', mayBeApplied: true }).again().mayBeApplied, false)
})

t.test('errors of MySQL: their words, without a customer\'s', async t => {
  for (const [message, words] of [
    ["Duplicate entry 'a private matter' for key 'PRIMARY'", "Duplicate entry '...' for key 'PRIMARY'"],
    ["Incorrect string value: 'a private matter' for column `t`.`subject` at row 1", "Incorrect string value: '...' for column `t`.`subject` at row 1"],
    ["You have an error in your SQL syntax; check the manual for the right syntax to use near 'a private\nmatter'' at line 1", "You have an error in your SQL syntax; check the manual for the right syntax to use near '...' at line 1"],
  ] as const) t.equal(textOf(new Error(message)), words)
})
