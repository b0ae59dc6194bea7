/** What the tour prints, and its checks of what it was told. */
import { Failure } from '../lib/main.mjs'

const SHOWN_HEADERS = ['location', 'etag', 'x-ticket-source']

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {any} body parsed JSON
 */

let chapters = 0

/** @param {string} text */
export function chapter (text) {
  console.log(`\n${++chapters}. ${text}\n`)
}

/**
 * Makes a request, shown as the curl line that does the same, and shows the answer.
 * @param {string} method
 * @param {string} url
 * @param {object} [body]
 * @returns {Promise<Answer>}
 */
export async function call (method, url, body) {
  const json = body && JSON.stringify(body)
  console.log(['$ curl -i', method === 'GET' ? '' : ` -X ${method}`, ` ${url}`, json ? ` \\\n    -H 'Content-Type: application/json' \\\n    -d '${json}'` : ''].join(''))

  const response = await fetch(url, { method, body: json, headers: json ? { 'content-type': 'application/json' } : {} })
  const answer = { status: response.status, headers: response.headers, body: parse(await response.text()) }

  console.log(`HTTP/1.1 ${response.status} ${response.statusText}`)
  for (const name of SHOWN_HEADERS) {
    const value = answer.headers.get(name)
    if (value) console.log(`${name}: ${value}`)
  }
  console.log(JSON.stringify(answer.body, null, 2))
  return answer
}

/**
 * Shows a command that asks a database, and what it answers.
 * @param {string} command
 * @param {Record<string, unknown>} record
 */
export function showRecord (command, record) {
  console.log(`$ ${command}`)
  const width = Math.max(...Object.keys(record).map((name) => name.length))
  for (const [name, value] of Object.entries(record)) console.log(`${name.padStart(width)}  ${value}`)
}

/**
 * @param {string} claim
 * @param {unknown} actual
 * @param {unknown} expected
 */
export function check (claim, actual, expected) {
  if (actual !== expected) {
    throw new Failure(`✗ ${claim}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
  }
  console.log(`✓ ${claim}`)
}

/** @param {string} text */
function parse (text) {
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure(`The answer is not JSON: ${text.slice(0, 500)}`)
  }
}
