import { readFileSync } from 'node:fs'

/** What was read, or what is wrong with it in words that follow the name of the variable with the path. */
type Reading = { value: string, fault?: undefined } | { value?: undefined, fault: string }

const NOT_TEXT = 'names a file that is no text in UTF-8'

const LINE_END = /\r\n|\n|\r/

/**
 * The value that a file holds, as it would stand in the environment. Line ends at the end of the file do not belong to it, of any
 * system, nor does a byte order mark; all else does: a password may end with a space.
 *
 * Neither the path nor the content is part of a fault. Who takes NAME_FILE for NAME has put a secret into the path.
 *
 * @param form `list`: each line is a member or several, comma-separated; `line`: there is one line; `text`: any number of them
 */
export function readValue (path: string, form: 'line' | 'list' | 'text'): Reading {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    return { fault: `cannot be read (${(error as NodeJS.ErrnoException).code}): it takes the path of a file` }
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { fault: NOT_TEXT }
  }
  // No variable can hold one. Text in UTF-16 is full of them.
  if (text.includes('\0')) return { fault: NOT_TEXT }
  if (form === 'list') return { value: text.trim().replaceAll(/,?\s*[\r\n]\s*/g, ',') }
  const value = text.replace(/[\r\n]+$/, '')
  if (form === 'text') return { value }
  const lines = value.split(LINE_END).length
  return lines === 1 ? { value } : { fault: `names a file of ${lines} lines: the value is one line, and would be another one with the lines joined` }
}
