/**
 * Says what failed in the output of a step of CI, so that it can be read at the end of all output:
 * `scripts/failures.mjs < OUTPUT`. Each failed test of TAP with its diagnostic; without any, the end of the output.
 */
import { text } from 'node:stream/consumers'
import { findTapFailures } from './lib/tap-failures.mjs'

/** A CI that keeps only the end of its output has room for this much of each step. */
const DIAGNOSTIC_LINES_MAX = 300
const FAILURES_MAX = 100
/** The difference of two large values must not take the room of all others. */
const LINES_PER_FAILURE_MAX = 40
const LINE_LENGTH_MAX = 500
const TAIL_LINES = 60

const output = await text(process.stdin)
const failures = findTapFailures(output)
const lines = failures.length > 0 ? listFailures() : output.trimEnd().split('\n').slice(-TAIL_LINES)
console.log(lines.map((line) => line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX)}…` : line).join('\n'))

/** @returns {string[]} */
function listFailures () {
  let left = DIAGNOSTIC_LINES_MAX
  const lines = failures.slice(0, FAILURES_MAX).flatMap(({ path, diagnostic }) => {
    const shown = diagnostic.slice(0, Math.min(left, LINES_PER_FAILURE_MAX))
    left -= shown.length
    const hidden = diagnostic.length - shown.length
    return [`not ok: ${path.join(' > ')}`, ...shown.map((line) => `  ${line}`), ...hidden > 0 ? [`  … ${hidden} lines more`] : []]
  })
  return failures.length > FAILURES_MAX ? [...lines, `… ${failures.length - FAILURES_MAX} failures more`] : lines
}
