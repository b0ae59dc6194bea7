import type { Redis } from 'ioredis'

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

/**
 * Runs scripts on one connection. ioredis sends EVALSHA, and EVAL again where the server does not know the
 * script (it was restarted or flushed).
 */
export function createScriptRunner (redis: Redis): RunScript {
  const commands = new Map<LuaScript, (...args: unknown[]) => Promise<Reply>>()

  function define (script: LuaScript) {
    const command = `tickets_${script.name}`
    redis.defineCommand(command, { lua: script.lua })
    const call = (redis as unknown as Record<string, (...args: unknown[]) => Promise<Reply>>)[command]!.bind(redis)
    commands.set(script, call)
    return call
  }

  return (script, keys, args) => {
    const { name, keyCount } = script
    if (keyCount !== undefined && keys.length !== keyCount) throw new Error(`${name} takes ${keyCount} keys, not ${keys.length}`)
    return (commands.get(script) ?? define(script))(keys.length, keys, args)
  }
}
