/** What a private nginx does under load: it stands before services, or before PHP. */
import { LOOPBACK } from '../../scripts/lib/loopback.mjs'

const KEEPALIVE = `  # As long as the load lasts: a new connection now and then would be measured too.
  keepalive_requests 100000000;`

/** @param {readonly { port: number }[]} servers */
export function proxyTo (servers) {
  return {
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
  }
}

/**
 * @param {{ port: number }} php
 * @param {string} root the directory of the scripts
 */
export function scriptsOf (php, root) {
  return {
    http: KEEPALIVE,
    server: `    location / {
      fastcgi_pass ${LOOPBACK}:${php.port};
      fastcgi_param SCRIPT_FILENAME ${root}$uri;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;
    }`,
  }
}
