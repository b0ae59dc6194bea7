import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fastify } from 'fastify'
import t from 'tap'
import { createLaterApp } from '../../src/http/later-app.ts'
import { ROOT } from '../../scripts/lib/project.mjs'

t.test('an app that is built when somebody first asks', async t => {
  let built = 0
  let closed = 0
  async function build () {
    if (++built === 1) throw new Error('no memory')
    const inner = fastify()
    inner.get('/page', async ({ headers }, reply) => headers['if-none-match'] === '"1"' ? reply.code(304).send() : reply.header('etag', '"1"').type('text/html').send(`<p>${headers.authorization ?? ''}`))
    inner.get('/refused', async (_request, reply) => reply.code(403).send())
    inner.get('/part', async ({ headers }, reply) => reply.code(headers.range === 'bytes=9-' ? 416 : 200).send())
    inner.get('/broken', async () => { throw new Error('broken') })
    inner.addHook('onClose', async () => { closed += 1 })
    return inner
  }
  const app = fastify()
  const answer = createLaterApp(app, build)
  for (const url of ['/page', '/part', '/refused', '/broken', '/absent']) app.get(url, answer)
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send('nothing'))
  await app.ready()
  t.equal(built, 0)
  t.equal((await app.inject('/page')).statusCode, 500)
  const pages = await Promise.all([1, 2].map(() => app.inject({ url: '/page', headers: { authorization: 'Bearer secret' } })))
  for (const { body, headers } of pages) t.strictSame([body, headers['content-type'], headers.etag, headers['content-length']], ['<p>', 'text/html', '"1"', '3'], 'it is told nothing that it need not know')
  t.equal(built, 2, 'the failed attempt, and one for both')
  const unchanged = await app.inject({ url: '/page', headers: { 'if-none-match': '"1"' } })
  t.strictSame([unchanged.statusCode, unchanged.headers['content-length']], [304, undefined], 'a length would be that of the page (RFC 9110, section 8.6)')
  t.equal((await app.inject({ url: '/part', headers: { range: 'bytes=9-' } })).statusCode, 416)
  const head = await app.inject({ method: 'HEAD', url: '/page' })
  t.strictSame([head.statusCode, head.body, head.headers['content-length']], [200, '', '3'])
  for (const url of ['/refused', '/absent']) t.strictSame([(await app.inject(url)).statusCode, (await app.inject(url)).body], [404, 'nothing'])
  t.equal((await app.inject('/broken')).statusCode, 500)
  await app.close()
  t.equal(closed, 1)
})

t.test('what pages need is not loaded at the start', async t => {
  const code = `
    import { createRequire } from 'node:module'
    await import('./src/app.ts')
    console.log(Object.keys(createRequire(import.meta.url).cache).filter(path => /node_modules.@fastify.(swagger|static|helmet)/.test(path)).length)
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { cwd: ROOT })
  t.equal(stdout, '0\n')
})
