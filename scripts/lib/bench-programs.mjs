/** What the benchmark measures with, and what it measures beside: all of it can be done without. */
import { spawnSync } from 'node:child_process'
import { findExecutables } from './binaries.mjs'

/** @typedef {import('./install.mjs').Program} Program */

const PHP_EXTENSIONS = ['redis', 'mysqli', 'curl']

export const WRK = /** @satisfies {Program} */ ({
  name: 'wrk, which makes the load of the benchmark',
  find: () => findExecutables(['wrk'])[0],
  apt: ['wrk'],
  dnf: ['wrk'],
  brew: ['wrk'],
})

export const WEBDIS = /** @satisfies {Program} */ ({
  name: 'Webdis',
  find: () => findExecutables(['webdis'])[0],
  apt: ['webdis'],
  dnf: ['webdis'],
  brew: ['webdis'],
})

export const NGINX = /** @satisfies {Program} */ ({
  name: 'nginx',
  find: () => findExecutables(['nginx'])[0],
  apt: ['nginx-light'],
  dnf: ['nginx'],
  brew: ['nginx'],
})

export const PHP_FPM = /** @satisfies {Program} */ ({
  name: 'php-fpm with phpredis, mysqli and cURL',
  find: findPhpFpm,
  apt: ['php-cli', 'php-fpm', 'php-redis', 'php-mysql', 'php-curl'],
  dnf: ['php-cli', 'php-fpm', 'php-pecl-redis6', 'php-mysqlnd'],
  brew: ['php'],
})

/** @returns {string | undefined} the path of one that has the extensions; Debian's bears its version in its name */
export function findPhpFpm () {
  const versions = Array.from({ length: 10 }, (_, minor) => `php-fpm8.${9 - minor}`)
  return findExecutables(['php-fpm', ...versions]).find((path) => {
    const modules = spawnSync(path, ['-m'], { encoding: 'utf8' }).stdout.split('\n')
    return PHP_EXTENSIONS.every((name) => modules.includes(name))
  })
}
