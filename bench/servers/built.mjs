/** Modules of the built service. It is built when the benchmark runs, not yet when its types are checked. */

/**
 * @template T
 * @param {string} path below dist/
 * @returns {Promise<T>}
 */
export async function built (path) {
  return import(new URL(`../../dist/${path}`, import.meta.url).href)
}
