import { hash } from 'node:crypto'
import type { Command, Redis } from 'ioredis'
import { ScriptCommand } from './script-command.ts'

/** A Lua script that a server runs as one command. */
export interface LuaScript {
  /** Names it in metrics. */
  name: string
  lua: string
  /** undefined: any number. */
  keyCount?: number
  /** Its writes may be waited for on replicas (WAIT), so it is sent by the connection that waits. */
  isReplicated?: boolean
}

/** A value of Redis as the scripts give it: nested arrays of integers and text. */
export type Reply = number | string | Reply[]

export type Arguments = readonly (string | number)[]

/** Calls a script. */
export type RunScript = (script: LuaScript, keys: readonly string[], args: Arguments) => Promise<Reply>

/** Runs scripts on one connection: by their hash, and by their text where the server does not know it yet (it is new, was restarted or flushed). */
export function createScriptRunner (redis: Redis): RunScript {
  const send = (name: 'eval' | 'evalsha', script: string, args: readonly string[]) => redis.sendCommand(new ScriptCommand(name, [script, ...args]) as unknown as Command) as Promise<Reply>

  return async ({ name, lua, keyCount }, keys, values) => {
    if (keyCount !== undefined && keys.length !== keyCount) throw new Error(`${name} takes ${keyCount} keys, not ${keys.length}`)
    const args = [keys.length, ...keys, ...values].map(String)
    try {
      return await send('evalsha', hashOf(lua), args)
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
      return await send('eval', lua, args)
    }
  }
}

const hashes = new Map<string, string>()

/** Of the scripts, of which there are some dozens. */
function hashOf (lua: string): string {
  const known = hashes.get(lua)
  if (known !== undefined) return known
  const hashed = hash('sha1', lua)
  hashes.set(lua, hashed)
  return hashed
}
