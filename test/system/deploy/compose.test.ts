import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { makeServerCertificate } from '../../../scripts/lib/certificates.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { newPasswords, usersEnvironment } from '../../../scripts/lib/redis-users.mjs'
import { startNode } from '../../../scripts/lib/redis-nodes.mjs'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { Environment, loadConfig } from '../../../src/config.ts'
import { privateDirectory } from '../../helper.ts'

interface Container {
  image?: string
  build?: string
  command?: string[]
  environment?: Record<string, string>
  volumes?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test?: string[], disable?: boolean }
  restart?: string
  stop_grace_period?: string
  profiles?: string[]
  entrypoint?: string[]
  ports?: string[]
  secrets?: { source: string }[]
}

interface Compose {
  services: Record<string, Container>
  volumes: Record<string, null>
  secrets: Record<string, { environment: string }>
}

const passwords = newPasswords()
/** What a .env would set. */
const DOT_ENV: Record<string, string> = { ...usersEnvironment(passwords), MYSQL_PASSWORD: 'mysql', MYSQL_ROOT_PASSWORD: 'root', API_KEYS: createApiKey('shop', 'read+write').entry, REDIS_PASSWORD: passwords.tickets, REDIS_ADMIN_PASSWORD: passwords.admin }

/** As compose reads it: ${NAME}, ${NAME:-default} and ${NAME:?message} stand for variables, $$ for $. */
function readCompose (t: Test, file: string): Compose {
  const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (all, name?: string, kind?: string, rest?: string) => {
    if (name === undefined) return '$'
    const value = DOT_ENV[name] ?? (kind === '-' ? rest : undefined)
    if (value === undefined) t.fail(`${file}: ${all} is nowhere described`)
    return value ?? ''
  })
  return parse(text, { merge: true }) as Compose
}

/** Where it is on this host. */
const sourceOf = (file: string, volume: string) => resolve(dirname(join(ROOT, file)), volume.split(':')[0]!)

for (const [file, redisNodes] of [['docker-compose.yml', 1], ['deploy/compose.sentinel.yml', 6], ['deploy/compose.cluster.yml', 6], ['deploy/compose.mysql.yml', 0]] as const) {
  t.test(file, async t => {
    const { services, volumes } = readCompose(t, file)

    t.test('refers to what is there', async t => {
      for (const [name, container] of Object.entries(services)) {
        t.ok(container.image ?? existsSync(join(sourceOf(file, container.build!), 'Dockerfile')), `${name} has an image`)
        t.ok(container.restart, `${name} is started again`)
        t.ok(container.build !== undefined || container.healthcheck, `${name} has a health check`)
        for (const other of Object.keys(container.depends_on ?? {})) t.ok(services[other], `${name} waits for ${other}`)
        for (const volume of container.volumes ?? []) {
          const [source = '', target = ''] = volume.split(':')
          // The certificates are made by whoever uses the file.
          if (!source.startsWith('.')) t.ok(source in volumes, `${source} is a volume`)
          else if (!source.startsWith('./tls')) t.ok(existsSync(sourceOf(file, volume)), `${source} is there for ${target}`)
        }
        const [program] = container.command ?? []
        const mount = container.volumes?.find(volume => program?.startsWith(`${volume.split(':')[1]}/`))
        if (program?.startsWith('/')) t.ok(mount && existsSync(sourceOf(file, mount) + program.slice(mount.split(':')[1]!.length)), `${program} is mounted`)
      }
    })

    t.test('the service can be configured so', async t => {
      const { ca } = await makeServerCertificate({ directory: privateDirectory(t) })
      for (const { environment = {} } of Object.values(services).filter(({ build }) => build !== undefined)) {
        for (const name of Object.keys(environment)) t.ok(name in Environment.properties, `${name} is a variable of the service`)
        const config = loadConfig({ ...environment, ...Object.fromEntries(Object.keys(environment).filter(name => name.endsWith('_CA_FILE')).map(name => [name, ca])) })
        for (const address of [...config.REDIS_SENTINELS, ...config.REDIS_CLUSTER_NODES]) t.ok(services[address.split(':')[0]!], `${address} is there`)
        for (const url of [config.MYSQL_URL, config.REDIS_URL]) t.ok(services[new URL(url).hostname], `${new URL(url).hostname} is there`)
      }
    })

    t.test('what its containers run comes up', async t => {
      const directory = privateDirectory(t)
      const tls = await makeServerCertificate({ directory: join(directory, 'tls') })
      const started: number[] = []
      for (const [name, { command = [], environment = {} }] of Object.entries(services).filter(([, { command }]) => command?.[0]?.endsWith('/start.sh'))) {
        const [, conf, ...options] = command
        const isTls = !options.includes('--tls-port')
        const keep = Object.fromEntries(options.flatMap((option, i) => option.startsWith('--') && !/^--(bind|port|tls-port|tls-replication)$/.test(option) ? [[option.slice(2), options[i + 1]!]] : []))
        // Names are the network's of the containers; here there is only this machine.
        const env = { ...environment, ...(environment.SENTINEL_MONITOR && { SENTINEL_MONITOR: `127.0.0.1 ${started[0]} 2`, SENTINEL_ANNOUNCE_IP: '127.0.0.1' }), ...(environment.REDIS_REPLICA_OF && { REDIS_REPLICA_OF: `127.0.0.1 ${started[0]}` }) }
        if (keep['replica-announce-ip']) keep['replica-announce-ip'] = '127.0.0.1'
        const node = await startNode({ passwords, tls: isTls ? tls : undefined }, { name, directory: join(directory, name), file: conf as 'redis.conf', env, options: keep })
        t.teardown(() => node.stop())
        t.pass(`${name} is up`)
        started.push(node.port)
      }
      t.equal(started.length, redisNodes)
    })
  })
}

t.test('docker-compose.yml without its profile asks for nothing of what only the profile needs', t => {
  const { services, secrets } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) as Compose
  const example = readFileSync(join(ROOT, '.env.example'), 'utf8')
  const optional = Object.entries(services).filter(([, { profiles }]) => profiles)
  t.strictSame(optional.map(([name, { profiles }]) => [name, profiles]), [['prometheus', ['observability']], ['grafana', ['observability']]])
  for (const [name, container] of optional) {
    // Compose reads the variables of services that it does not start.
    t.notMatch(JSON.stringify(container), /(?<!\$)\$\{\w+:?\?/, `${name} requires no variable`)
    t.match(container.image, /:v?\d+\.\d+\.\d+$/, `${name} is of one version`)
    for (const port of container.ports ?? []) t.match(port, /^127\.0\.0\.1:/, `${name} is published on loopback only`)
    for (const volume of container.volumes ?? []) if (volume.startsWith('.')) t.match(volume, /:ro$/, `${name} changes nothing in ${volume}`)
    for (const { source } of container.secrets ?? []) t.ok(secrets[source], `the secret ${source} is there`)
  }
  for (const { environment } of Object.values(secrets)) t.match(example, `#${environment}=\n`)

  t.match(readFileSync(join(ROOT, 'deploy/prometheus/prometheus.yml'), 'utf8'), `/run/secrets/${services.prometheus!.secrets![0]!.source}\n`)
  t.end()
})

t.test('Grafana does not start without a password', t => {
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) as Compose
  const [shell = '', ...args] = services.grafana!.entrypoint!.map(arg => arg.replaceAll('$$', '$').replace('exec /run.sh', 'echo started'))
  const start = (password: string) => spawnSync(shell, args, { encoding: 'utf8', env: { GF_SECURITY_ADMIN_PASSWORD: password } })
  t.match(start('x'), { status: 0, stdout: 'started\n' })
  t.match(start(''), { status: /[^0]/, stdout: '', stderr: /set GRAFANA_PASSWORD in .env/ })
  t.end()
})

t.test('every file of deploy/redis has its place', t => {
  const names = readdirSync(join(ROOT, 'deploy/redis'))
  const page = readFileSync(join(ROOT, 'docs/redis.md'), 'utf8')
  for (const name of names) t.ok(page.includes(`\`${name}\``), `docs/redis.md says what ${name} is for`)
  t.end()
})
