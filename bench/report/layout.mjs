/** Tables. The first line is the head. */

/** @typedef {readonly (readonly string[])[]} Table */

/**
 * @param {Table} table
 * @returns {string[]} lines of Markdown
 */
export function markdownTable ([head = [], ...rows]) {
  const line = (/** @type {readonly string[]} */ texts) => `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
  return [head, head.map(() => '---'), ...rows].map(line)
}

/**
 * @param {Table} table
 * @returns {string[]} lines for a terminal
 */
export function textTable (table) {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((texts) => texts[column]?.length ?? 0)))
  return table.map((texts) => texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ').trimEnd())
}
