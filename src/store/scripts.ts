import { readdirSync, readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

/** A value of Redis as the scripts give it: nested arrays of integers and text. */
export type Reply = number | string | Reply[]

const DIRECTORY = new URL('scripts/', import.meta.url)

type Arguments = readonly (string | number)[]

/** Calls one script. Each file's header is its contract: keys, arguments, output. */
export type Script = (keys: readonly string[], args: Arguments) => Promise<Reply>

export const SCRIPT_NAMES = [
  'write', 'read',
  'claim', 'settle', 'release', 'retry', 'expedite', 'backlog', 'raise',
  'dead', 'revive',
  'attest', 'scan', 'versions', 'repair',
  'limit',
] as const

export type Scripts = Record<typeof SCRIPT_NAMES[number], Script>

/**
 * Loads the scripts of the folder scripts/ into `redis`. ioredis sends EVALSHA, and EVAL again where
 * the server does not know the script (it was restarted or flushed).
 * A number at the end of a file's name is its count of keys; without one it takes any number.
 *
 * @throws {Error} when a file is missing, as in an incomplete build
 */
export function defineScripts (redis: Redis): Scripts {
  const files = readdirSync(DIRECTORY).filter(file => file.endsWith('.lua'))
  return Object.fromEntries(SCRIPT_NAMES.map(name => {
    const file = files.find(file => /^([a-z_]+?)(-\d+)?\.lua$/.exec(file)?.[1] === name)
    if (!file) throw new Error(`src/store/scripts holds no ${name}.lua`)
    return [name, defineScript(redis, name, file)]
  })) as Scripts
}

/** The text of a script as Redis gets it: a line `-- @include NAME` stands for includes/NAME.lua. */
export function readScript (file: string): string {
  const read = (path: string) => readFileSync(new URL(path, DIRECTORY), 'utf8')
  return read(file).replaceAll(/^-- @include (\w+)\n/gm, (_line, name: string) => read(`includes/${name}.lua`))
}

function defineScript (redis: Redis, name: string, file: string): Script {
  const lua = readScript(file)
  const keyCount = /-(\d+)\.lua$/.exec(file)?.[1]
  const command = `tickets_${name}`
  redis.defineCommand(command, { lua })
  const call = (redis as unknown as Record<string, (...args: unknown[]) => Promise<Reply>>)[command]!.bind(redis)
  return (keys, args) => {
    if (keyCount !== undefined && keys.length !== Number(keyCount)) throw new Error(`${file} takes ${keyCount} keys, not ${keys.length}`)
    return call(keys.length, keys, args)
  }
}
