/** The table, as Otoroshi's exporter has it, and the statements on it. */

/** Of a table that is there. */
export interface Shape {
  /** Type of each column by its name, as `format_type` writes it. */
  readonly columns: Readonly<Record<string, { readonly type: string; readonly required: boolean }>>;
  /** A row that is there already can be told by its `id` (and its time, which never changes). */
  readonly tellsDuplicates: boolean;
  readonly mayInsert: boolean;
  readonly maySelect: boolean;
}

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `$1` schema, `$2` table. One row: is there a schema, may one be made, may a table be made in it, the table's oid. */
export const placeQuery = `
  SELECT n.oid IS NOT NULL AS has_schema,
         has_database_privilege(current_database(), 'CREATE') AS may_make_schema,
         coalesce(has_schema_privilege(n.oid, 'CREATE'), false) AS may_make_table,
         coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS may_use_schema,
         c.oid AS table
    FROM (SELECT) one
    LEFT JOIN pg_namespace n ON n.nspname = $1
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $2 AND c.relkind IN ('r', 'p')`;

export interface PlaceRow {
  readonly has_schema: boolean;
  readonly may_make_schema: boolean;
  readonly may_make_table: boolean;
  readonly may_use_schema: boolean;
  readonly table: number | null;
}

/** `$1` oid of the table. One row for each column. */
export const shapeQuery = `
  SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS required,
         has_column_privilege($1::oid, a.attnum, 'INSERT') AS may_insert,
         has_column_privilege($1::oid, a.attnum, 'SELECT') AS may_select,
         EXISTS (SELECT FROM pg_index i
                  WHERE i.indrelid = $1::oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
                    AND ARRAY(SELECT k.attname::text FROM pg_attribute k
                               WHERE k.attrelid = $1::oid AND k.attnum = ANY (i.indkey::int2[])
                               ORDER BY k.attname) IN (ARRAY['id'], ARRAY['id', 'timestamp'])) AS tells_duplicates
    FROM pg_attribute a
   WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped`;

export interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly may_insert: boolean;
  readonly may_select: boolean;
  readonly tells_duplicates: boolean;
}

const written = ['id', 'timestamp', 'service', 'service_id', 'env', 'event'] as const;

export const shapeOf = (rows: readonly ColumnRow[]): Shape => ({
  columns: Object.fromEntries(rows.map(({ name, type, required }) => [name, { type, required }])),
  tellsDuplicates: rows.some(({ tells_duplicates }) => tells_duplicates),
  mayInsert: rows.every(({ name, may_insert }) => may_insert || !written.some((own) => own === name)),
  maySelect: rows.some(({ name, may_select }) => may_select && name === 'id'),
});

const isText = (type: string): boolean => type === 'text' || type === 'character varying';

/** How a time (SQL, epoch milliseconds as bigint) is written in a column of that type; null: not at all. */
const instants: Readonly<Record<string, (at: string) => string>> = {
  'timestamp with time zone': (at) => `to_timestamp(${at} / 1000.0)`,
  'timestamp without time zone': (at) => `(to_timestamp(${at} / 1000.0) AT TIME ZONE 'UTC')`,
  bigint: (at) => at,
  text: (at) => `to_char(to_timestamp(${at} / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
};

const typeOf = ({ columns }: Shape, name: string): string => columns[name]?.type ?? '';

const timeIn = (shape: Shape): ((at: string) => string) | undefined =>
  instants[isText(typeOf(shape, 'timestamp')) ? 'text' : typeOf(shape, 'timestamp')];

/** Why nothing can be written into that table; null: something can. */
export const shapeProblem = (shape: Shape): string | null => {
  const missing = written.filter((name) => !shape.columns[name]);
  if (missing.length > 0) return `the table has no column ${missing.join(', ')}`;
  const wrong = written.filter((name) => {
    const type = typeOf(shape, name);
    if (name === 'timestamp') return timeIn(shape) === undefined;
    return !(isText(type) || (name === 'event' && (type === 'jsonb' || type === 'json')));
  });
  if (wrong.length > 0) {
    return `the table is of another shape: ${wrong.map((name) => `${name} is ${typeOf(shape, name)}`).join(', ')}`;
  }
  if (!shape.tellsDuplicates) return 'the table has neither a primary key nor a unique index on id';
  return shape.mayInsert && shape.maySelect ? null : 'no right to INSERT, or to SELECT id (which tells what was new)';
};

/** Otoroshi's table, with what its events are looked up by. In one transaction, behind `creationLock`. */
export const creation = (schema: string, table: string, hasSchema: boolean): string[] => {
  const [place, full] = [identifier(schema), `${identifier(schema)}.${identifier(table)}`];
  return [
    ...(hasSchema ? [] : [`CREATE SCHEMA IF NOT EXISTS ${place}`]),
    `CREATE TABLE IF NOT EXISTS ${full} (id text PRIMARY KEY, "timestamp" timestamptz NOT NULL, ` +
      'service text, service_id text, env text, event jsonb NOT NULL)',
    `CREATE INDEX ON ${full} ("timestamp")`,
    `CREATE INDEX ON ${full} ((event ->> 'audit'), "timestamp")`,
  ];
};

/** Processes that start at once make the table one after the other. The number is ours alone: "llma". */
export const creationLock = `SELECT pg_advisory_xact_lock(${0x6c6c6d61})`;

/**
 * `$1` ids, `$2` times (epoch ms), `$3` events as JSON. Returns the ids of the rows that are new: the others were there.
 */
export const insertion = (schema: string, table: string, shape: Shape): string => {
  const type = typeOf(shape, 'event');
  const field = (column: string, key: string): string => {
    const value = `event::jsonb ->> '${key}'`;
    return shape.columns[column]?.required ? `coalesce(${value}, '')` : value;
  };
  return (
    `INSERT INTO ${identifier(schema)}.${identifier(table)} AS stored ` +
    '(id, "timestamp", service, service_id, env, event) ' +
    `SELECT id, ${timeIn(shape)?.('at')}, ${field('service', '@service')}, ${field('service_id', '@serviceId')}, ` +
    `${field('env', '@env')}, ${isText(type) ? 'event' : `event::${type}`} ` +
    (type === 'jsonb'
      ? // OFFSET 0 keeps the planner from writing the cast, which reads the whole event, into each of its uses.
        'FROM (SELECT id, at, event::jsonb AS event ' +
        'FROM unnest($1::text[], $2::bigint[], $3::text[]) AS raw (id, at, event) OFFSET 0) sent '
      : 'FROM unnest($1::text[], $2::bigint[], $3::text[]) AS sent (id, at, event) ') +
    'ON CONFLICT DO NOTHING RETURNING stored.id'
  );
};

/** Deletes `$2` rows of events before `$1` (epoch ms), at most. */
export const deletion = (schema: string, table: string, shape: Shape): string => {
  const full = `${identifier(schema)}.${identifier(table)}`;
  return (
    `DELETE FROM ${full} WHERE id IN (SELECT id FROM ${full} ` +
    `WHERE "timestamp" < ${timeIn(shape)?.('$1::bigint')} ORDER BY "timestamp" LIMIT $2)`
  );
};
