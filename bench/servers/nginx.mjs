/** A private nginx: before services, or before PHP. */
import { pathOf } from '../../scripts/lib/binaries.mjs'
import { LOOPBACK, probe } from '../../scripts/lib/loopback.mjs'
import { startConfigured } from './configured.mjs'

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {string} options.http what stands in its `http`, before the server
 * @param {string} options.location what stands in its location /
 * @param {import('../lib/cores.mjs').Cores['underTest']} options.wrap
 */
export async function startNginx ({ directory, http, location, wrap }) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${directory}/${name};`)
  const configFor = (/** @type {number} */ port) => `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
${temporary.join('\n')}
  access_log off;
  # As long as the load lasts: a new connection now and then would be measured too.
  keepalive_requests 100000000;
${http}
  server {
    listen ${LOOPBACK}:${port};
    location / {
${location}
    }
  }
}
`
  const server = await startConfigured({
    name: 'nginx',
    directory,
    fileName: 'nginx.conf',
    configFor,
    binary: pathOf('nginx'),
    argsFor: (file) => ['-p', directory, '-c', file],
    wrap,
    // Whatever it answers: that it is nginx says that nobody else has the port.
    isReady: (port) => probe(port, 'HEAD / HTTP/1.0\r\n\r\n', (answer) => answer.includes('Server: nginx')),
  })
  return Object.assign(server, { url: `http://${LOOPBACK}:${server.port}` })
}

/** @param {readonly { port: number }[]} servers */
export function proxyTo (servers) {
  return {
    http: `  upstream service {
${servers.map(({ port }) => `    server ${LOOPBACK}:${port};`).join('\n')}
    keepalive 64;
    keepalive_requests 100000000;
  }`,
    location: `      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";`,
  }
}

/**
 * @param {{ port: number }} php
 * @param {string} root the directory of the scripts
 */
export function scriptsOf (php, root) {
  return {
    http: '',
    location: `      fastcgi_pass ${LOOPBACK}:${php.port};
      fastcgi_param SCRIPT_FILENAME ${root}$uri;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;`,
  }
}
