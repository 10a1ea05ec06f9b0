/** Markdown tables. */

const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

/** @param {string[]} head @param {string[][]} rows */
export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
