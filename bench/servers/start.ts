/** Starts what the service is measured beside, and says what nginx does in front of servers. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pathOf } from '../../scripts/lib/binaries.mjs'
import { startConfigured } from '../../scripts/lib/configured.mjs'
import { isListening, LOOPBACK, probe } from '../../scripts/lib/loopback.mjs'
import { startServer } from '../../scripts/lib/server.mjs'
import { startArguments } from '../../scripts/lib/service.mjs'
import type { Cores } from '../lib/cores.ts'
import type { Redis, WebServer } from '../lib/stage.ts'

const BARE = fileURLToPath(new URL('bare.ts', import.meta.url))

interface Place { directory: string, wrap: Cores['underTest'] }

/** With the service's own flags. */
export async function startBare ({ directory, env, wrap }: Place & { env?: Record<string, string> | undefined }): Promise<WebServer> {
  const { command, args } = wrap(process.execPath, [...startArguments().flags, BARE])
  const server = await startServer({
    name: 'a plain Fastify', directory, command, args: port => [...args, String(port)], mark: BARE, env: { PATH: process.env.PATH, ...env }, isReady: isListening,
  })
  return Object.assign(server, { url: `http://${LOOPBACK}:${server.port}`, endsBy: 'SIGTERM' as const })
}

/** HTTP to Redis commands, in C, with one thread. It checks nothing that it is sent. */
export async function startWebdis ({ directory, redis, wrap }: Place & { redis: Redis }): Promise<WebServer> {
  const configFor = (port: number) => JSON.stringify({
    redis_host: LOOPBACK,
    redis_port: redis.port,
    redis_auth: redis.password,
    http_host: LOOPBACK,
    http_port: port,
    threads: 1,
    // As fast as 4 and 20, and faster than 64.
    pool_size_per_thread: 1,
    daemonize: false,
    acl: [{ enabled: ['*'] }],
    verbosity: 2,
    logfile: join(directory, 'webdis.log'),
  })
  const server = await startConfigured({
    name: 'Webdis',
    directory,
    fileName: 'webdis.json',
    configFor,
    binary: pathOf('webdis'),
    argsFor: file => [file],
    wrap,
    isReady: port => probe(port, 'GET /PING HTTP/1.0\r\n\r\n', answer => answer.includes('PONG')),
  })
  return Object.assign(server, { url: `http://${LOOPBACK}:${server.port}`, endsBy: 'SIGTERM' as const })
}

const KEEPALIVE = `  # As long as the load lasts: a new connection now and then would be measured too.
  keepalive_requests 100000000;`

export const proxyTo = (servers: readonly { port: number }[]) => ({
  http: `${KEEPALIVE}
  upstream service {
${servers.map(({ port }) => `    server ${LOOPBACK}:${port};`).join('\n')}
    keepalive 64;
    keepalive_requests 100000000;
  }`,
  server: `    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }`,
})

/** @param root the directory of the scripts */
export const scriptsOf = (php: { port: number }, root: string) => ({
  http: KEEPALIVE,
  server: `    location / {
      fastcgi_pass ${LOOPBACK}:${php.port};
      fastcgi_param SCRIPT_FILENAME ${root}$uri;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;
    }`,
})
