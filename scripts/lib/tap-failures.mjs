/** Finds the failed tests in TAP, as tap's reporter of that name prints it. */

/** tap indents the tests within a test by four spaces. */
const INDENT = 4
const SUBTEST = /^( *)# Subtest: (.*)$/
const NOT_OK = /^( *)not ok \d+(?: - (.*?))?(?: # (.*))?$/
const BAIL_OUT = /^Bail out! .*$/

/**
 * @typedef {object} TapFailure
 * @property {string[]} path the file, the tests around the assertion from outside in, and the assertion's own name
 * @property {string[]} diagnostic the lines of its YAML block; empty without one
 */

/**
 * A test that fails because something within it failed is not named again, nor one that is marked as a TODO.
 * @param {string} tap with other lines in between, which are left out
 * @returns {TapFailure[]} in their order
 */
export function findTapFailures (tap) {
  const lines = tap.split('\n')
  /** @type {TapFailure[]} */
  const failures = []
  /**
   * The tests that the line is in, from outside in, each with the number of failures before it.
   * @type {{ name: string, before: number }[]}
   */
  const tests = []
  lines.forEach((line, index) => {
    const subtest = SUBTEST.exec(line)
    if (subtest) {
      tests.splice(depth(subtest))
      tests.push({ name: unescape(subtest[2]), before: failures.length })
    }
    if (BAIL_OUT.test(line)) failures.push({ path: [line], diagnostic: [] })

    const notOk = NOT_OK.exec(line)
    if (!notOk || /^todo\b/i.test(notOk[3] ?? '')) return
    const level = depth(notOk)
    const name = unescape(notOk[2] ?? '')
    const own = tests[level]
    tests.splice(level)
    // The line that closes a test: it says more only if nothing in the test failed, such as that it had no end.
    if (own?.name === name && own.before < failures.length) return
    failures.push({ path: [...tests.map((test) => test.name), name], diagnostic: diagnosticAt(lines, index + 1) })
  })
  return failures
}

/** @param {RegExpExecArray} match */
const depth = (match) => Math.floor((match[1] ?? '').length / INDENT)

/** @param {string | undefined} name */
const unescape = (name = '') => name.replace(/\\([#\\])/g, '$1')

/**
 * @param {string[]} lines
 * @param {number} index where a YAML block would begin
 * @returns {string[]} what is in it, without its indentation
 */
function diagnosticAt (lines, index) {
  const indent = /^( *)---$/.exec(lines[index] ?? '')?.[1]
  if (indent === undefined) return []
  const end = lines.indexOf(`${indent}...`, index)
  return lines.slice(index + 1, end < 0 ? undefined : end).map((line) => line.slice(indent.length))
}
