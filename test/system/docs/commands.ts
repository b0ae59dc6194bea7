/** A command of a page, as a shell reads it. */
export interface Command {
  text: string
  /** What stands behind it, after #. */
  comment: string
  /** In its page. */
  line: number
}

/**
 * The commands of an `sh` block: a quote or a backslash goes on with the next line, a comment ends with its own.
 * @param firstLine of the block's content in its page
 */
export function commandsOf (block: string, firstLine = 1): Command[] {
  const commands: Command[] = []
  let text = ''
  let comment = ''
  let quote = ''
  let line = firstLine
  let startedAt = firstLine
  for (let i = 0; i < block.length; i += 1) {
    const character = block[i]!
    if (character === '\n') line += 1
    if (text.trim() === '' && character !== '\n') startedAt = line
    if (quote === "'") {
      if (character === "'") quote = ''
      text += character
    } else if (character === '\\') {
      text += character + (block[i + 1] ?? '')
      if (block[i + 1] === '\n') line += 1
      i += 1
    } else if (quote === '"') {
      if (character === '"') quote = ''
      text += character
    } else if (character === "'" || character === '"') {
      quote = character
      text += character
    } else if (character === '#' && /(^|\s)$/.test(text)) {
      const end = block.indexOf('\n', i)
      comment = block.slice(i + 1, end === -1 ? undefined : end).trim()
      i = (end === -1 ? block.length : end) - 1
    } else if (character === '\n') {
      if (text.trim() !== '') commands.push({ text: text.trim(), comment, line: startedAt })
      text = ''
      comment = ''
    } else {
      text += character
    }
  }
  if (quote !== '') throw new Error(`line ${startedAt}: a quote is not closed`)
  if (text.trim() !== '') commands.push({ text: text.trim(), comment, line: startedAt })
  return commands
}

/** The words of a command that has no quotes, as `docker compose up`. */
export const wordsOf = (text: string) => text.split(/\s+/)
