import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import type { Test } from 'tap'
import { pathOf } from '../../../scripts/lib/binaries.mjs'
import { privateDirectory } from '../../helper.ts'

/** Where the pages say that the service is. */
export const ADDRESS = 'http://127.0.0.1:3000'

export interface Answer { method: string, path: string, status: number, body: string }

/** Calls curl as it was called, but for the address of the service, and notes what was answered. */
const CURL = `#!/bin/sh
set -eu
n=$#
while [ "$n" -gt 0 ]; do
  word=$1
  shift
  case "$word" in ${ADDRESS}*) word="$SERVICE_URL\${word#${ADDRESS}}" ;; esac
  set -- "$@" "$word"
  n=$((n - 1))
done
: > "$ANSWER_DIRECTORY/body"
"$REAL_CURL" "$@" --silent --show-error --output "$ANSWER_DIRECTORY/body" --write-out '%{method} %{url_effective} %{http_code}\\n' >> "$ANSWER_DIRECTORY/answers"
cat "$ANSWER_DIRECTORY/body"
`

const REDIS_CLI = `#!/bin/sh
exec "$REAL_REDIS_CLI" -p "$REDIS_PORT" --user admin --no-auth-warning "$@"
`

/**
 * A shell that keeps its variables from one command to the next, in a directory of its own. curl and redis-cli in it
 * reach the servers of the test.
 */
export function createShell (t: Test, { serviceUrl, redis, variables = {} }: { serviceUrl: string, redis: { port: number, password: string }, variables?: Record<string, string> }) {
  const directory = privateDirectory(t)
  const bin = join(directory, 'bin')
  const work = join(directory, 'work')
  const answers = join(directory, 'answers')
  const state = join(directory, 'state')
  for (const path of [bin, work]) mkdirSync(path)
  for (const [name, content] of [['curl', CURL], ['redis-cli', REDIS_CLI]] as const) {
    writeFileSync(join(bin, name), content)
    chmodSync(join(bin, name), 0o755)
  }
  writeFileSync(state, '')
  const env = {
    PATH: [bin, process.env.PATH].join(delimiter),
    HOME: work,
    REAL_CURL: pathOf('curl'),
    REAL_REDIS_CLI: pathOf('redis-cli'),
    REDIS_PORT: String(redis.port),
    REDISCLI_AUTH: redis.password,
    SERVICE_URL: serviceUrl,
    ANSWER_DIRECTORY: directory,
    ...variables,
  }

  let last: Answer | undefined

  return {
    /** The directory in which commands run. */
    work,
    /** What the service answered last. */
    lastAnswer: () => last,
    /** Runs one command. Its variables are there for the next. */
    async run (command: string): Promise<{ status: number | null, stdout: string, stderr: string, answers: Answer[] }> {
      writeFileSync(answers, '')
      // In a file, because an argument may not be as long, and what the shell says of it names its line.
      const script = join(directory, 'command')
      writeFileSync(script, `set -a -u -o pipefail\n. ${state}\n${command}\nstatus=$?\nexport -p > ${state}\nexit $status\n`)
      const child = spawn('bash', [script], { cwd: work, env, stdio: ['ignore', 'pipe', 'pipe'] })
      const [stdout, stderr, [status]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'close') as Promise<[number | null]>])
      const lines = readFileSync(answers, 'utf8').trim().split('\n').filter(Boolean)
      const all = lines.map(line => {
        const [method = '', url = '', code] = line.split(' ')
        // A command asks once; of one that asks again, this is the last body.
        return { method, path: url.slice(serviceUrl.length), status: Number(code), body: readFileSync(join(directory, 'body'), 'utf8') }
      })
      last = all.at(-1) ?? last
      return { status, stdout, stderr, answers: all }
    },
  }
}
