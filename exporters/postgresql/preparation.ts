/** Finds the table, or makes it. */
import type { ClientBase } from 'pg';
import { blocked, delivered, type Outcome, retry } from '../pipeline/outcome.ts';
import type { PostgresqlConfig } from './config.ts';
import { isAboutEvents } from './outcome.ts';
import {
  type ColumnRow,
  creation,
  creationLock,
  type PlaceRow,
  placeQuery,
  type Shape,
  shapeOf,
  shapeProblem,
  shapeQuery,
} from './table.ts';

type Place = Pick<PostgresqlConfig, 'schema' | 'table'>;

const placeOf = async (client: ClientBase, { schema, table }: Place): Promise<PlaceRow> => {
  const { rows } = await client.query<PlaceRow>(placeQuery, [schema, table]);
  return rows[0] as PlaceRow; // always one
};

/** The table as it is; an outcome says why it cannot be used. */
const usable = async (client: ClientBase, { table, may_use_schema }: PlaceRow): Promise<Shape | Outcome> => {
  if (!may_use_schema) return blocked('no right to use the schema');
  const { rows } = await client.query<ColumnRow>(shapeQuery, [table]);
  const shape = shapeOf(rows);
  const problem = shapeProblem(shape);
  return problem === null ? shape : blocked(problem);
};

const mayMake = ({ has_schema, may_make_schema, may_make_table }: PlaceRow): boolean =>
  has_schema ? may_make_table : may_make_schema;

const noRightToMake = ({ has_schema }: PlaceRow): Outcome =>
  blocked(`there is no such table, and no right to make it: CREATE on the ${has_schema ? 'schema' : 'database'}`);

const make = async (client: ClientBase, { schema, table }: Place): Promise<void> => {
  await client.query('BEGIN');
  try {
    await client.query(creationLock);
    // Another process may have made it while this one waited for the lock.
    const place = await placeOf(client, { schema, table });
    if (place.table === null) {
      for (const statement of creation(schema, table, place.has_schema)) await client.query(statement);
    }
    await client.query('COMMIT');
  } catch (thrown) {
    await client.query('ROLLBACK');
    throw thrown;
  }
};

/** Resolves to the table, made when missing, or to the reason why there is none. Rejects with the server's errors. */
export const prepared = async (client: ClientBase, config: Place): Promise<Shape | Outcome> => {
  const place = await placeOf(client, config);
  if (place.table !== null) return usable(client, place);
  if (!mayMake(place)) return noRightToMake(place);
  try {
    await make(client, config);
  } catch (thrown) {
    // Somebody without our lock (Otoroshi) made it in the same moment. Not the events' fault.
    if (isAboutEvents(thrown)) return retry('the table is being made by another');
    throw thrown;
  }
  return usable(client, await placeOf(client, config));
};

/** Whether `prepared` would find or make a table. Changes nothing. */
export const checked = async (client: ClientBase, config: Place): Promise<Outcome> => {
  const place = await placeOf(client, config);
  if (place.table === null) return mayMake(place) ? delivered : noRightToMake(place);
  const found = await usable(client, place);
  return 'is' in found ? found : delivered;
};
