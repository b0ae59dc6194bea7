import { readdirSync, readFileSync } from 'node:fs'
import { toReadProblem } from '../redis/failure.ts'
import type { Arguments, LuaScript, Reply } from '../redis/scripts.ts'
import type { Shard } from '../redis/servers.ts'
import { CUSTOM_FIELDS_MAX, FIELD_LIST } from '../tickets/fields.ts'
import { ARCHIVED_RANGE, createKeys } from '../tickets/keys.ts'

const SCRIPT_NAMES = [
  'write', 'read',
  'claim', 'acknowledge', 'release', 'retry', 'expedite', 'backlog', 'forget',
  'dead', 'redrive', 'inspect',
  'checkpoint', 'scan', 'versions', 'repair',
  'walk', 'outdate', 'resync',
  'reindex', 'list', 'pass', 'count', 'changes',
  'search',
  'limit',
  'webhook_turn', 'webhook_accept', 'webhook_record', 'webhook_retry', 'webhook_leave', 'webhook_status',
] as const

type ScriptName = typeof SCRIPT_NAMES[number]

const DIRECTORY = new URL('scripts/', import.meta.url)

/** The fields that this version of the service knows, as scripts look for them. */
export const KNOWN_FIELDS = `,${FIELD_LIST.map(({ name }) => name).join()},`

/** The table of fields, for is_ticket.lua. */
const FIELDS_LUA = `local INTEGERS = { ${FIELD_LIST.filter(({ storage }) => storage.integerMax !== undefined).map(({ name, storage }) => `${name} = '${storage.integerMax}'`).join(', ')} }
local REQUIRED = { ${FIELD_LIST.filter(({ always, redisOnly }) => always && !redisOnly).map(({ name }) => `'${name}'`).join(', ')} }
`

const names = createKeys('')

/** What a partition's keys end with, for the scripts that are given several partitions. */
const KEYS_LUA = `local DUE, ARCHIVED, DEAD, FAILURES, FIELDS = '${names.due}', '${names.archived}', '${names.dead}', '${names.failures}', '${names.fields}'
local ACKNOWLEDGED, INDEX, CHANGES = '${names.acknowledged}', '${names.index}', '${names.changes}'
local TICKET, IDEMPOTENCY = '${names.ticketPrefix}', '${names.idempotencyPrefix}'
`

const CUSTOM_LUA = `local CUSTOM_FIELDS_MAX = ${CUSTOM_FIELDS_MAX}\n`

const ARCHIVED_LUA = `local ARCHIVED_RANGE = ${ARCHIVED_RANGE}\n`

/** The text of a script as Redis gets it: `-- @include NAME` stands for includes/NAME.lua, `-- @fields` for the table of fields, `-- @keys` for what keys end with. */
function readScript (file: string): string {
  const read = (path: string) => readFileSync(new URL(path, DIRECTORY), 'utf8')
  return read(file)
    .replaceAll(/^-- @include (\w+)\n/gm, (_line, name: string) => read(`includes/${name}.lua`))
    .replaceAll(/^-- @fields\n/gm, FIELDS_LUA)
    .replaceAll(/^-- @keys\n/gm, KEYS_LUA)
    .replaceAll(/^-- @custom\n/gm, CUSTOM_LUA)
    .replaceAll(/^-- @range\n/gm, ARCHIVED_LUA)
}

/** A number at the end of a file's name is its count of keys; without one it takes any number. Each file's header is its contract. */
function load (name: ScriptName, files: readonly string[]): LuaScript {
  const file = files.find(file => /^([a-z_]+?)(-\d+)?\.lua$/.exec(file)?.[1] === name)
  if (!file) throw new Error(`src/store/scripts holds no ${name}.lua`)
  const keyCount = /-(\d+)\.lua$/.exec(file)?.[1]
  return { name, lua: readScript(file), ...(keyCount !== undefined && { keyCount: Number(keyCount) }), isReplicated: name === 'write' }
}

function loadAll (): Record<ScriptName, LuaScript> {
  const files = readdirSync(DIRECTORY)
  return Object.fromEntries(SCRIPT_NAMES.map(name => [name, load(name, files)])) as Record<ScriptName, LuaScript>
}

export const SCRIPTS = loadAll()

/** A script with what is the same in all of its calls, in place of `-- @settings`: it costs nothing there, and a lot as arguments. */
export function withSettings (script: LuaScript, settings: Record<string, string | number | readonly (string | number)[]>): LuaScript {
  const lua = Object.entries(settings).map(([name, value]) => `local ${name} = ${toLua(value)}\n`).join('')
  return { ...script, lua: script.lua.replace(/^-- @settings\n/m, () => lua) }
}

function toLua (value: string | number | readonly (string | number)[]): string {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') return `{ ${value.map(toLua).join(', ')} }`
  // Each byte by its number: a status may have any character.
  return `'${Array.from(Buffer.from(value), byte => `\\${String(byte).padStart(3, '0')}`).join('')}'`
}

/** Calls one script. */
export type Script = (keys: readonly string[], args: Arguments) => Promise<Reply>

export type Scripts = Record<ScriptName, Script>

/** The scripts at the server that holds the shard, for callers who may repeat every call: what fails, fails as a read does. */
export const repeatableScripts = (shard: Shard): Scripts =>
  Object.fromEntries(SCRIPT_NAMES.map(name => [name, (keys, args) =>
    shard.call(node => node.run(SCRIPTS[name], keys, args)).catch((error: unknown) => { throw toReadProblem(error) })] satisfies [string, Script])) as Scripts
