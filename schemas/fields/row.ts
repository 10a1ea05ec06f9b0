/** How a row of the field catalogue is written, and what it means once read. */

/** JSON types of an event field. `text` is analysed by a search engine, `keyword` is not; `flattened` is a free map of
 * strings (never a mapping of its own per key); `json` is any JSON object, stored and not searched. */
export type FieldType =
  | 'keyword'
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'timestamp'
  | 'object'
  | 'flattened'
  | 'json';

export type Unit =
  | 'tokens'
  | 'ms'
  | 'seconds'
  | 'epoch ms'
  | 'USD'
  | 'bytes'
  | 'characters'
  | 'chunks'
  | 'frames'
  | 'items'
  | 'requests'
  | 'ratio'
  | 'percent'
  | 'HTTP status'
  | 'kWh'
  | 'kgCO2eq'
  | 'kgSbeq'
  | 'MJ'
  | 'L';

/** One field of one or several events. */
export interface Field {
  /** Dotted from the top of the event; a step through an array of objects has no mark of its own (`budgets.name`). */
  readonly path: string;
  readonly type: FieldType;
  readonly array: boolean;
  /** The key is always there; null says that the value is not known or does not apply. */
  readonly nullable: boolean;
  readonly unit: Unit | null;
  /** Smallest value allowed, for numbers. */
  readonly minimum: number | null;
  /** The closed set of a keyword, else null. */
  readonly values: readonly string[] | null;
  readonly label: string;
  readonly description: string;
  readonly example: unknown;
}

// `count` is an integer >= 0, `amount` a number >= 0; `integer` and `number` may be negative.
type Scalar = FieldType | 'count' | 'amount';
type Cell = `${Scalar}${'' | '[]'}${'' | '?'}` | `one of: ${string}`;

/** path, type (`[]` array, trailing `?` nullable, `one of: a b` closed set), unit, label, description, example. */
export type Row = readonly [
  path: string,
  type: Cell,
  unit: Unit | null,
  label: string,
  description: string,
  example: unknown,
];

/** Characters: longer values must be cut before they are put into an event. */
export const maxLength = { keyword: 1024, text: 8192 } as const;
/** Elements of an array, keys of a `flattened` map. */
export const maxItems = 256;

const floors: Partial<Record<Scalar, { type: FieldType; minimum: number }>> = {
  count: { type: 'integer', minimum: 0 },
  amount: { type: 'number', minimum: 0 },
  timestamp: { type: 'timestamp', minimum: 0 },
};

/** Reads one row. */
export const field = ([path, cell, unit, label, description, example]: Row): Field => {
  const nullable = cell.endsWith('?');
  const text = nullable ? cell.slice(0, -1) : cell;
  const array = text.endsWith('[]');
  const name = array ? text.slice(0, -2) : text;
  const values = name.startsWith('one of: ') ? name.slice('one of: '.length).split(' ') : null;
  const scalar = values ? 'keyword' : (name as Scalar);
  const floor = floors[scalar];
  return {
    path,
    type: floor?.type ?? (scalar as FieldType),
    array,
    nullable,
    unit,
    minimum: floor?.minimum ?? null,
    values,
    label,
    description,
    example,
  };
};
