/** A private nginx: before services, or before PHP. */
import { pathOf } from './binaries.mjs'
import { startConfigured } from './configured.mjs'
import { LOOPBACK, probe } from './loopback.mjs'

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {string} [options.http] what stands in its `http`, before the server
 * @param {string} options.server what stands in its server, after the port
 * @param {import('./configured.mjs').Wrap} [options.wrap]
 */
export async function startNginx ({ directory, http = '', server: serverText, wrap }) {
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
${http}
  server {
    listen ${LOOPBACK}:${port};
${serverText}
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
