/** The ways in which sites are served: nginx with php-fpm, and PHP's own server, which cannot end an answer before the script. */
import { join } from 'node:path'
import { isListening, LOOPBACK } from '../../../scripts/lib/loopback.mjs'
import { startNginx } from '../../../scripts/lib/nginx.mjs'
import { startPhpFpm } from '../../../scripts/lib/php-fpm.mjs'
import { ownDirectory, startServer } from '../../../scripts/lib/server.mjs'
import { PHP_EXTENSIONS } from '../../../scripts/lib/wordpress.mjs'
import { phpBinary } from './document-root.mjs'

/** As many pages at a time as any test asks for, and one that tells what the others do. */
const WORKERS = 8
const STATUS_PATH = '/workers'

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {string} options.sites what holds the directories of the sites, each named by its host
 */
export async function startNginxWithPhp ({ directory, sites }) {
  const fpm = await startPhpFpm({
    directory: ownDirectory(join(directory, 'php-fpm')),
    extensions: PHP_EXTENSIONS,
    workers: WORKERS,
    statusPath: STATUS_PATH,
    // As a site in production has it: what PHP has to say goes to the log, where tests look.
    settings: { display_errors: 'off' },
  })
  const parameters = `fastcgi_pass ${LOOPBACK}:${fpm.port};
      fastcgi_read_timeout 300;
      fastcgi_param DOCUMENT_ROOT $document_root;
      fastcgi_param SCRIPT_NAME $fastcgi_script_name;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param SERVER_PROTOCOL $server_protocol;
      fastcgi_param SERVER_SOFTWARE nginx;
      fastcgi_param SERVER_NAME $host;
      fastcgi_param SERVER_PORT $server_port;
      fastcgi_param REMOTE_ADDR $remote_addr;`
  return startNginx({
    directory: ownDirectory(join(directory, 'nginx')),
    server: `    root ${sites}/$host;
    index index.php;
    # As WordPress's handbook has it for a network in folders.
    if (!-e $request_filename) {
      rewrite ^(/[^/]+)?(/wp-.*) $2 last;
    }
    location = ${STATUS_PATH} {
      ${parameters}
      fastcgi_param SCRIPT_FILENAME $fastcgi_script_name;
    }
    location / {
      try_files $uri $uri/ /index.php?$args;
    }
    location ~ \\.php$ {
      ${parameters}
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    }`,
  })
}

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {string} options.site
 */
export async function startPhpServer ({ directory, site }) {
  const server = await startServer({
    name: 'PHP\'s own server',
    directory: ownDirectory(directory),
    command: phpBinary(),
    args: (port) => ['-d', 'opcache.enable_cli=1', '-d', 'display_errors=0', '-S', `${LOOPBACK}:${port}`, '-t', site],
    mark: site,
    isReady: isListening,
  })
  return Object.assign(server, { url: `http://${LOOPBACK}:${server.port}` })
}
