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
  const widths = columns.map(({ title }, index) =>
    Math.max(...[...cells, ...last].map((row) => row[index]!.length), title.length),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => (columns[index]?.left ? text.padEnd(widths[index]!) : text.padStart(widths[index]!)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const head = line(columns.map(({ title }) => title));
  return [head, rule, ...cells.map(line), ...(last.length > 0 ? [rule, ...last.map(line)] : [])].join('\n');
};

const none = '–';
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345`; as all below, a dash for null. */
export const integer = (value: number | null): string => (value === null ? none : grouped.format(value));

/** A fixed number of decimals, so that the points of a column stand below each other; `<0.001` for what that would hide. */
export const decimal = (value: number | null, decimals: number): string => {
  if (value === null) return none;
  const least = 10 ** -decimals;
  return value > 0 && value < least ? `<${least.toFixed(decimals)}` : value.toFixed(decimals);
};

/** `$0.0123`. */
export const usd = (value: number | null): string => (value === null ? none : `$${decimal(value, 4)}`);

/** `87 %`. */
export const percent = (ratio: number | null): string => (ratio === null ? none : `${Math.round(ratio * 100)} %`);
