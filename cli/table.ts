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

/** A fixed number of decimals, so that the points of a column stand below each other; `<0.001` for what that would hide. */
export const decimal = (value: number, decimals: number): string => {
  const least = 10 ** -decimals;
  return value > 0 && value < least ? `<${least.toFixed(decimals)}` : value.toFixed(decimals);
};

/** `$0.0123`. */
export const usd = (value: number): string => `$${decimal(value, 4)}`;

/** Whole milliseconds; a dash for none. */
export const milliseconds = (value: number | null): string => (value === null ? '–' : integer(value));

export const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;
