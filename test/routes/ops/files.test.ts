import { readdir } from 'node:fs/promises'
import t from 'tap'
import { createService } from '../../helper.ts'

const DIRECTORY = new URL('../../../routes/ops/', import.meta.url)

t.test('the page is its files, under a strict policy', async t => {
  const { app } = await createService(t)
  const get = async (url: string, headers = {}) => await app.inject({ url, headers })
  const page = await get('/ops')
  t.match(page.headers['content-type'], /^text\/html; charset=utf-8$/i)
  const policy = String(page.headers['content-security-policy']).split(';')
  for (const directive of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
    t.ok(policy.includes(directive), directive)
  }

  for (const name of await readdir(DIRECTORY)) {
    const { statusCode, headers, body } = await get(name === 'index.html' ? '/ops' : `/ops/${name}`)
    t.equal(statusCode, 200, name)
    t.equal(headers['cache-control'], 'no-cache')
    t.equal((await get(name === 'index.html' ? '/ops' : `/ops/${name}`, { 'if-none-match': headers.etag })).statusCode, 304, 'asked for again')
    t.notMatch(body, /https?:\/\/(?!www\.w3\.org)/, 'no other host')
    t.notMatch(body, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
    if (name.endsWith('.html')) t.notMatch(body, / style=| on\w+=|<script>|<style>/, 'nothing that the policy forbids')
  }
})

t.test('nothing else is served', async t => {
  const { app } = await createService(t)
  for (const url of ['/ops/', '/ops/index.html', '/ops/../app.ts', '/ops/..%2fops.ts', '/ops/%2e%2e/ops.ts', '/ops/nothing.js', '/ops/page.css/']) {
    t.match(await app.inject(url), { statusCode: 404, headers: { 'content-type': /problem\+json/ } }, url)
  }
  t.match(await app.inject({ method: 'POST', url: '/ops' }), { statusCode: 405, headers: { allow: 'GET, HEAD' } })
  t.equal((await app.inject({ method: 'HEAD', url: '/ops' })).statusCode, 200)
  t.notMatch((await app.inject('/openapi.json')).body, '"/ops', 'pages for people are not part of the description')
})
