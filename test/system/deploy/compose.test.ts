import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { makeServerCertificate } from '../../../scripts/lib/certificates.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { newPasswords } from '../../../scripts/lib/redis-users.mjs'
import { startNode } from '../../../scripts/lib/redis-nodes.mjs'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { Environment, loadConfig } from '../../../src/config.ts'
import { privateDirectory } from '../../helper.ts'

interface Container {
  image?: string
  user?: string
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
  secrets?: string[]
  cap_add?: string[]
  cap_drop?: string[]
  read_only?: boolean
  security_opt?: string[]
  privileged?: boolean
  tmpfs?: string[]
}

interface Compose {
  services: Record<string, Container>
  volumes: Record<string, null>
  secrets: Record<string, { file?: string }>
}

const passwords = newPasswords()

const SECRETS = join(ROOT, 'deploy/secrets.sh')

const FILES = [['docker-compose.yml', 1], ['deploy/compose.sentinel.yml', 6], ['deploy/compose.cluster.yml', 6], ['deploy/compose.mysql.yml', 0]] as const
/** The files of secrets, as deploy/secrets.sh makes them: what is there before stays. */
function makeSecrets (t: Test): string {
  const directory = join(privateDirectory(t), 'secrets')
  t.equal(spawnSync('sh', [SECRETS, directory]).status, 0)
  for (const [user, password] of Object.entries(passwords)) writeFileSync(join(directory, `redis-${user}`), `${password}\n`)
  writeFileSync(join(directory, 'api-keys'), `${createApiKey('shop', 'read+write').entry}\n`)
  return directory
}

/** An environment as a container sees it, with its secrets in a directory of this machine. What is empty is null in YAML. */
const withSecrets = (environment: Record<string, string | null>, directory: string) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, (value ?? '').replace(/^\/run\/secrets\//, `${directory}/`)]))

/** As compose reads it: ${NAME}, ${NAME:-default} and ${NAME:?message} stand for variables, $$ for $. */
function readCompose (t: Test, file: string): Compose {
  const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (all, name?: string, kind?: string, rest?: string) => {
    if (name === undefined) return '$'
    // Every variable has a default: a .env may be empty.
    const value = kind === '-' ? rest : undefined
    if (value === undefined) t.fail(`${file}: ${all} is nowhere described`)
    return value ?? ''
  })
  return parse(text, { merge: true }) as Compose
}

/** Where it is on this host. */
const sourceOf = (file: string, volume: string) => resolve(dirname(join(ROOT, file)), volume.split(':')[0]!)

for (const [file, redisNodes] of FILES) {
  t.test(file, async t => {
    const { services, volumes, secrets } = readCompose(t, file)

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

    t.test('no container has more than it needs', async t => {
      for (const [name, { cap_drop: dropped, cap_add: added, read_only: isReadOnly, security_opt: options, privileged, user, image, build, volumes = [] }] of Object.entries(services)) {
        t.strictSame(dropped, ['ALL'], `${name} has no capability`)
        t.strictSame([added, privileged], [undefined, undefined], `${name} gets none back`)
        t.equal(isReadOnly, true, `${name} cannot change its image`)
        t.strictSame(options, ['no-new-privileges:true'], `${name} gets no others`)
        // The images of the service, of Prometheus and of Grafana name their own.
        if (build === undefined && !/^(prom|grafana)\//.test(image!)) t.equal(user, '999:999', `${name} is not root`)
        if (image !== undefined) t.match(image, /^[\w./-]+:v?\d+\.\d+\.\d+(-[a-z]+)?$/, `${name} is of one version`)
        for (const volume of volumes) if (/^\.\.?\//.test(volume)) t.match(volume, /:ro$/, `${name} changes nothing in ${volume}`)
      }
    })

    t.test('a server of MySQL touches no file for a statement, has no root from elsewhere, and gives the service its rights', async t => {
      const conf = readFileSync(join(ROOT, 'deploy/mysql/server.cnf'), 'utf8')
      for (const [name, { image, command = [], environment = {}, volumes = [], tmpfs = [] }] of Object.entries(services)) {
        if (!/^(mysql|mariadb):/.test(image ?? '')) continue
        const [, directory] = /^secure_file_priv = (\S+)$/m.exec(conf) ?? []
        const isOfFile = volumes.some(volume => volume.startsWith('./mysql/server.cnf:')) && tmpfs.some(place => place.startsWith(`${directory}:mode=700,`))
        t.ok(isOfFile || command.includes('--secure-file-priv=NULL'), `${name} has a secure_file_priv`)
        t.equal(environment.MYSQL_ROOT_HOST ?? environment.MARIADB_ROOT_HOST, 'localhost', name)
        const hasUser = environment.MYSQL_USER ?? environment.MARIADB_USER
        if (hasUser) t.ok(volumes.some(volume => volume.endsWith('mysql/rights.sql:/docker-entrypoint-initdb.d/rights.sql:ro')), `${name}: the user of the service has its rights and no others`)
      }
    })

    t.test('no secret stands in an environment or in a command', async t => {
      const directory = makeSecrets(t)
      for (const [name, { environment = {}, secrets: given = [], command = [], entrypoint = [], healthcheck }] of Object.entries(services)) {
        for (const [variable, value] of Object.entries(environment)) {
          if (/PASSWORD|KEY|SECRET|TOKEN|AUTH/.test(variable) && !['GF_AUTH_ANONYMOUS_ENABLED', 'MYSQL_RANDOM_ROOT_PASSWORD'].includes(variable)) {
            const [, secret = ''] = /^\/run\/secrets\/([\w-]+)$/.exec(value) ?? []
            t.match(variable, /_FILE$/, `${name}: ${variable} is a file`)
            t.ok(given.includes(secret), `${name} is given ${secret}`)
          }
          t.notMatch(value, /:\/\/[^/]*:[^/]*@/, `${name}: no password in ${variable}`)
        }
        for (const secret of given) {
          t.match(secrets[secret]?.file, new RegExp(`^\\.\\.?/secrets/${secret}$`), `${secret} is a file`)
          t.ok(existsSync(join(directory, secret)), `deploy/secrets.sh makes ${secret}`)
          t.ok(Object.values(environment).includes(`/run/secrets/${secret}`) || secret === 'prometheus-key', `${name} uses ${secret}`)
        }
        // With --, a password would be in the list of processes; before a command, $(cat file) is not.
        for (const word of [...command, ...entrypoint, ...healthcheck?.test ?? []]) t.notMatch(word, /--(password|user-password|requirepass|masterauth|pass)\b|\s-(a|p)\s?[^ ]+\$/, `${name}: ${word}`)
      }
    })

    t.test('the service can be configured so', async t => {
      const directory = makeSecrets(t)
      const { ca } = await makeServerCertificate({ directory: privateDirectory(t) })
      for (const { environment = {} } of Object.values(services).filter(({ build }) => build !== undefined)) {
        for (const name of Object.keys(environment)) t.ok(name.replace(/(?<!_CA)_FILE$/, '') in Environment.properties, `${name} is a variable of the service`)
        const config = loadConfig({ ...withSecrets(environment, directory), ...Object.fromEntries(Object.keys(environment).filter(name => name.endsWith('_CA_FILE')).map(name => [name, ca])) })
        for (const address of [...config.REDIS_SENTINELS, ...config.REDIS_CLUSTER_NODES]) t.ok(services[address.split(':')[0]!], `${address} is there`)
        for (const url of [config.MYSQL_URL, config.REDIS_URL]) t.ok(services[new URL(url).hostname], `${new URL(url).hostname} is there`)
      }
    })

    t.test('what its containers run comes up', async t => {
      const secretFiles = makeSecrets(t)
      const directory = privateDirectory(t)
      const tls = await makeServerCertificate({ directory: join(directory, 'tls') })
      const started: number[] = []
      for (const [name, { command = [], environment = {} }] of Object.entries(services).filter(([, { command }]) => command?.[0]?.endsWith('/start.sh'))) {
        const [, conf, ...options] = command
        const isTls = !options.includes('--tls-port')
        const keep = Object.fromEntries(options.flatMap((option, i) => option.startsWith('--') && !/^--(bind|port|tls-port|tls-replication)$/.test(option) ? [[option.slice(2), options[i + 1]!]] : []))
        // Names are the network's of the containers; here there is only this machine.
        const env = { ...withSecrets(environment, secretFiles), ...(environment.SENTINEL_MONITOR && { SENTINEL_MONITOR: `127.0.0.1 ${started[0]} 2`, SENTINEL_ANNOUNCE_IP: '127.0.0.1' }), ...(environment.REDIS_REPLICA_OF && { REDIS_REPLICA_OF: `127.0.0.1 ${started[0]}` }) }
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
  const optional = Object.entries(services).filter(([, { profiles }]) => profiles)
  t.strictSame(optional.map(([name, { profiles }]) => [name, profiles]), [['prometheus', ['observability']], ['grafana', ['observability']]])
  for (const [name, container] of optional) {
    // Compose reads the variables of services that it does not start.
    t.notMatch(JSON.stringify(container), /(?<!\$)\$\{\w+:?\?/, `${name} requires no variable`)
    t.match(container.image, /:v?\d+\.\d+\.\d+$/, `${name} is of one version`)
    for (const port of container.ports ?? []) t.match(port, /^127\.0\.0\.1:/, `${name} is published on loopback only`)
    for (const volume of container.volumes ?? []) if (volume.startsWith('.')) t.match(volume, /:ro$/, `${name} changes nothing in ${volume}`)
    for (const source of container.secrets ?? []) t.ok(secrets[source], `the secret ${source} is there`)
  }

  t.match(readFileSync(join(ROOT, 'deploy/prometheus/prometheus.yml'), 'utf8'), `/run/secrets/${services.prometheus!.secrets![0]}\n`)
  t.end()
})

t.test('Grafana does not start without a password', t => {
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) as Compose
  const [shell = '', ...args] = services.grafana!.entrypoint!.map(arg => arg.replaceAll('$$', '$').replace('exec /run.sh', 'echo started'))
  const file = join(privateDirectory(t), 'grafana-admin')
  const start = (password: string) => {
    writeFileSync(file, password)
    return spawnSync(shell, args, { encoding: 'utf8', env: { PATH: process.env.PATH, GF_SECURITY_ADMIN_PASSWORD__FILE: file } })
  }
  t.match(start('x'), { status: 0, stdout: 'started\n' })
  for (const empty of ['', '\n']) t.match(start(empty), { status: /[^0]/, stdout: '', stderr: /put a password into secrets\/grafana-admin/ })
  t.end()
})

t.test('deploy/secrets.sh makes passwords that nobody else on the machine can read, and keeps what is there', t => {
  const directory = join(privateDirectory(t), 'secrets')
  const make = () => t.match(spawnSync('sh', [SECRETS, directory], { encoding: 'utf8' }), { status: 0, stdout: '', stderr: '' })
  make()
  t.equal(statSync(directory).mode & 0o777, 0o700, 'closed to others')
  const read = () => new Map(readdirSync(directory).map(name => [name, readFileSync(join(directory, name), 'utf8')]))
  const before = read()
  const made = [...before].filter(([, content]) => content !== '')
  t.strictSame([...before].filter(([, content]) => content === '').map(([name]) => name).sort(), ['api-keys', 'prometheus-key', 'webhooks'])
  for (const [name, content] of made) {
    t.match(content, /^[0-9a-f]{48}$/, name)
    t.equal(statSync(join(directory, name)).mode & 0o777, 0o644, 'for the users of the containers')
  }
  t.equal(new Set(made.map(([, content]) => content)).size, made.length, 'each is another one')
  make()
  t.strictSame(read(), before)
  const used = FILES.flatMap(([file]) => Object.values(readCompose(t, file).secrets).map(secret => secret.file!.split('/').at(-1)!))
  t.strictSame([...before.keys()].sort(), [...new Set(used)].sort(), 'those that the compose files name')
  t.match(readFileSync(join(ROOT, '.gitignore'), 'utf8'), '\n/secrets/\n', 'they are not committed')
  t.end()
})

t.test('the image of the service is made of one version of Node, that of the tests, and is not root', t => {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  const images = [...text.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!)
  t.equal(new Set(images).size, 1)
  const [, major] = /^node:(\d+)\.\d+\.\d+-bookworm-slim$/.exec(images[0]!) ?? []
  t.equal(major, devDependencies.node!.split('.')[0])
  t.match(text, /^USER node$/m)
  t.end()
})

t.test('every file of deploy/redis has its place', t => {
  const names = readdirSync(join(ROOT, 'deploy/redis'))
  const page = readFileSync(join(ROOT, 'docs/redis.md'), 'utf8')
  for (const name of names) t.ok(page.includes(`\`${name}\``), `docs/redis.md says what ${name} is for`)
  t.end()
})
