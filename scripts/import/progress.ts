/** Shows how far a long import is: a bar on a terminal, a line now and then elsewhere. On stderr: stdout is for results. */
import { styleText } from 'node:util'

const TERMINAL_INTERVAL_MS = 200
const PLAIN_INTERVAL_MS = 10_000
const BAR_WIDTH = 24

const number = (value: number) => Math.round(value).toLocaleString('en')

export interface Progress {
  /** Of the file, 0 to 1. */
  share: number
  tickets: number
  refused: number
}

/** The text of the bar. `seconds`: since it began; `from`: where it did. */
export function toText ({ share, tickets, refused }: Progress, from: Progress, seconds: number): string {
  const filled = Math.floor(share * BAR_WIDTH)
  const done = share - from.share
  const left = done > 0 ? (1 - share) / done * seconds : undefined
  return [
    `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${Math.floor(share * 100)} %`,
    `${number(tickets)} tickets`,
    `${number((tickets - from.tickets) / Math.max(seconds, 0.001))}/s`,
    ...(refused > 0 ? [`${number(refused)} refused`] : []),
    ...(left !== undefined && share < 1 ? [left < 90 ? `${Math.ceil(left)} s left` : `${Math.ceil(left / 60)} min left`] : []),
  ].join('  ')
}

export function showProgress (read: () => Progress, out: NodeJS.WriteStream = process.stderr) {
  const startedAt = performance.now()
  const from = read()
  let pausedFor = ''

  const show = () => {
    const text = toText(read(), from, (performance.now() - startedAt) / 1000) + pausedFor
    out.write(out.isTTY ? `\r\x1b[2K${text.slice(0, out.columns - 1)}` : `  ${text}\n`)
    pausedFor = ''
  }
  const timer = setInterval(show, out.isTTY ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS)

  return {
    /** Says so with the next line. */
    pause (reason: string) { pausedFor = `  waiting: ${out.isTTY ? styleText('yellow', reason, { stream: out }) : reason}` },
    stop () {
      clearInterval(timer)
      show()
      if (out.isTTY) out.write('\n')
    },
  }
}
