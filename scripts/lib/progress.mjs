/** Shows that a long step lives: a spinner with its seconds on a terminal, plain lines elsewhere. */

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_INTERVAL_MS = 100
/** Plain logs get a sign of life seldom enough not to bury the result. */
const PLAIN_INTERVAL_MS = 10_000

/**
 * Runs `work` under a title and prints how it ended. Progress goes to stderr: stdout is for results.
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<T>} work calls `note` with the newest line of detail, if it has any
 * @returns {Promise<T>}
 */
export async function step (title, work) {
  const out = process.stderr
  const startedAt = Date.now()
  const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`
  let frame = 0
  let detail = ''

  const show = () => {
    if (!out.isTTY) return out.write(`  ${title}: ${seconds()} ${detail}\n`)
    const line = `${FRAMES[frame++ % FRAMES.length]} ${title} ${seconds()} ${detail}`
    out.write(`\r\x1b[2K${line.slice(0, out.columns - 1)}`)
  }
  const conclude = (/** @type {string} */ mark) => {
    clearInterval(timer)
    out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${mark} ${title} (${seconds()})\n`)
  }

  if (!out.isTTY) out.write(`… ${title}\n`)
  const timer = setInterval(show, out.isTTY ? FRAME_INTERVAL_MS : PLAIN_INTERVAL_MS)
  try {
    const result = await work((text) => { detail = text.trim() })
    conclude('✓')
    return result
  } catch (error) {
    conclude('✗')
    throw error
  }
}
