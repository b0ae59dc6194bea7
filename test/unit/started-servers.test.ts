import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { privateDirectory } from '../helper.ts'
import { startServer } from '../../scripts/lib/server.mjs'
import { isPortFree } from '../../scripts/lib/loopback.mjs'

/** On the second port when it has the first. */
const LISTEN = `
  const [, first, second] = process.argv.slice(1)
  const listen = (port, next) => require('net').createServer().listen(Number(port), '127.0.0.1', next)
  listen(first, () => listen(second))
`

t.test('a server that finds either of its ports taken gets two others, and keeps them when it comes back', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port: takenPort } = taken.address() as { port: number }
  let starts = 0
  const directory = privateDirectory(t)
  const server = await startServer({
    name: 'one that listens on two ports',
    directory,
    command: process.execPath,
    mark: directory,
    args: (port, otherPort) => ['-e', LISTEN, directory, String(starts++ === 0 ? takenPort : otherPort), String(port)],
    isReady: async port => !await isPortFree(port),
  })
  t.teardown(() => server.stop())
  t.equal(starts, 2)
  const { port, otherPort } = server
  t.notOk(await isPortFree(otherPort))
  await server.restart()
  t.strictSame([server.port, server.otherPort], [port, otherPort])
  t.notOk(await isPortFree(otherPort))
})
