/** What the benchmark measures with, and what it measures beside: all of it can be done without. */
import { findExecutables } from './binaries.mjs'
import { findPhpFpm } from './php-fpm.mjs'

/** @typedef {import('./install.mjs').Program} Program */

/** What the benchmark's PHP scripts use. */
export const PHP_EXTENSIONS = ['redis', 'mysqli', 'curl']

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
  find: () => findPhpFpm(PHP_EXTENSIONS),
  apt: ['php-cli', 'php-fpm', 'php-redis', 'php-mysql', 'php-curl'],
  dnf: ['php-cli', 'php-fpm', 'php-pecl-redis6', 'php-mysqlnd'],
  brew: ['php'],
})
