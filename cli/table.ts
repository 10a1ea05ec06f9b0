/** Tables for people: aligned columns, numbers to the right, a rule under the head and above the total. */

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Text to the left; numbers, the rule, to the right. */
  readonly left?: boolean;
}

/** @param total stands under a rule of its own; it takes the same cells as a row. */
export const renderTable = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], total?: Row): string => {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const last = total === undefined ? [] : [columns.map(({ cell }) => cell(total))];
  const widths = columns.map(({ title }, index) => Math.max(...[...cells, ...last].map((row) => row[index]!.length), title.length));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => (columns[index]?.left ? text.padEnd(widths[index]!) : text.padStart(widths[index]!)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const head = line(columns.map(({ title }) => title));
  return [head, rule, ...cells.map(line), ...(last.length > 0 ? [rule, ...last.map(line)] : [])].join('\n');
};

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345`. */
export const integer = (value: number): string => grouped.format(value);

/** `$0.0123`, `$12.34`: four significant digits below a dollar, cents above; never rounded to nothing. */
export const usd = (value: number): string =>
  value === 0 ? '$0' : value >= 1 ? `$${value.toFixed(2)}` : `$${value.toFixed(Math.min(12, 3 - Math.floor(Math.log10(value))))}`;

const prefixes = [
  ['k', 1e3],
  ['', 1],
  ['m', 1e-3],
  ['µ', 1e-6],
] as const;

/** Three significant digits with the prefix that fits: `1.52 Wh`, `830 mg`. */
export const quantity = (value: number, unit: string): string => {
  if (value === 0) return `0 ${unit}`;
  const [prefix, size] = prefixes.find(([, least]) => value >= least * 0.9995) ?? ['µ', 1e-6];
  return `${Number((value / size).toPrecision(3))} ${prefix}${unit}`;
};

/** `87 ms`, `1.24 s`; a dash for none. */
export const milliseconds = (value: number | null): string =>
  value === null ? '–' : value < 999.5 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(2)} s`;

export const percent = (ratio: number): string => `${(ratio * 100).toFixed(ratio < 0.1 ? 1 : 0)} %`;
