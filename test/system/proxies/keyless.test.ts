import t from 'tap'
import { startNginx } from '../../../scripts/lib/nginx.mjs'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { createService, privateDirectory } from '../../helper.ts'

const shop = createApiKey('shop', 'read')

for (const [what, directives] of [
  ['as nginx is without further directives', ''],
  ['that says for whom it asks', 'proxy_http_version 1.1; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;'],
  ['as Debian\'s proxy_params has it', 'proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;'],
  ['of HTTP/1.1 under its own name', 'proxy_http_version 1.1; proxy_set_header Host desk.example;'],
] as const) {
  t.test(`a proxy on the same machine, ${what}, opens a service without keys to nobody`, async t => {
    const keyless = await createService(t)
    const keyed = await createService(t, { API_KEYS: shop.entry }, keyless)
    const [open, closed] = await Promise.all([keyless, keyed].map(({ app }) => app.listen({ host: '127.0.0.1', port: 0 })))
    const nginx = await startNginx({
      directory: privateDirectory(t),
      server: `    location /closed/ { ${directives} proxy_pass ${closed}/; }\n    location / { ${directives} proxy_pass ${open}; }`,
    })
    t.teardown(() => nginx.stop())
    const answer = await fetch(`${nginx.url}/tickets/1`)
    t.match({ status: answer.status, ...await answer.json() as object }, { status: 403, code: 'forbidden', detail: /API_KEYS/ })
    t.equal((await fetch(`${nginx.url}/health/live`)).status, 200)
    t.equal((await fetch(`${open}/tickets/1`)).status, 404, 'who is on the machine gets in')
    t.equal((await fetch(`${nginx.url}/closed/tickets/1`, { headers: { authorization: `Bearer ${shop.key}` } })).status, 404, 'with keys the proxy is as good as any caller')
  })
}
