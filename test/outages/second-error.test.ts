import { Socket } from 'node:net'
import t from 'tap'
import { loadConfig } from '../../src/config.ts'
import { createRedis } from '../../src/redis/connection.ts'
import { privateRedis } from '../helper.ts'

const readError = () => Object.assign(new Error('an alert of TLS'), { syscall: 'read' })

t.test('errors of a connection, of which TLS may have several', async t => {
  const server = await privateRedis(t)
  const create = () => {
    const redis = createRedis(loadConfig({ REDIS_URL: server.url, MYSQL_URL: 'mysql://nobody@127.0.0.1/none' }))
    t.teardown(() => { redis.disconnect() })
    return redis
  }

  t.test('do not end the process, also while the client is closing and tells of none', async t => {
    const redis = create()
    await redis.connect()
    const { stream } = redis
    redis.disconnect()
    stream.emit('error', readError())
    t.doesNotThrow(() => stream.emit('error', readError()))
  })

  t.test('nor of a socket that was made late, as behind Sentinel', async t => {
    const redis = create()
    redis.stream = new Socket()
    redis.emit('error', readError())
    t.doesNotThrow(() => redis.stream.emit('error', readError()))
  })
})
