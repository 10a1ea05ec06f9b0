/** What an error of PostgreSQL, or of the way to it, means for the batch. */
import { failureOutcome } from '../net/outcome.ts';
import { blocked, type Outcome, retry, split } from '../pipeline/outcome.ts';

/** What the server says about a failure; https://www.postgresql.org/docs/current/protocol-error-fields.html */
export interface ServerError {
  /** SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly column?: string | undefined;
  readonly constraint?: string | undefined;
}

type Means = (reason: string, error: ServerError) => Outcome;

const again: Means = (reason) => retry(reason);
const mend: Means = (reason) => blocked(reason);
const oneEvent: Means = (reason) => split(reason);

/** By the longest beginning of the SQLSTATE; https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const bySqlState: readonly (readonly [beginning: string, means: Means])[] = [
  ['08', again], // connection
  ['08P01', mend], // e.g. a pooler that does not know a parameter of ours
  ['0A', mend], // feature not supported
  ['22', oneEvent], // data: jsonb does not take this text
  ['23', oneEvent], // a constraint somebody has added
  ['23502', (reason, { column }) => blocked(`${reason}: the table wants a value for ${column}, which no event brings`)],
  // A partitioned table without a partition for that time says so by a violation that names no constraint.
  [
    '23514',
    (reason, { constraint }) => (constraint === undefined ? blocked(`${reason}: no partition`) : split(reason)),
  ],
  ['25', again], // read only: a standby, or not yet the primary
  ['28', mend], // password, role, pg_hba.conf
  ['3D', mend], // no such database
  ['3F', mend], // no such schema
  ['40', again], // serialization, deadlock
  ['42', mend], // rights; a table that is gone or of another shape
  ['53', again], // too many connections, disk full, out of memory
  ['54', oneEvent], // larger than jsonb or an index can hold
  ['55', again], // locked
  ['57', again], // shutting down, starting, cancelled by the timeout
  ['57P04', mend], // the database was dropped
  ['58', again], // I/O
  ['P0', oneEvent], // a trigger refuses it
  ['XX', (reason) => retry(reason, { suspect: true })],
];

/** Those whose message quotes no value of an event. */
const speaksOfNoEvent = /^(08|0A|25|28|3D|3F|42|53|55|57|58)/;

/** Characters of a message that are worth keeping. */
const excerptLength = 200;

export const serverOutcome = (error: ServerError): Outcome => {
  const { code, message } = error;
  const excerpt = message.replace(/\s+/g, ' ').trim().slice(0, excerptLength);
  const reason = speaksOfNoEvent.test(code) ? `SQLSTATE ${code}: ${excerpt}` : `SQLSTATE ${code}`;
  const [row] = bySqlState
    .filter(([beginning]) => code.startsWith(beginning))
    .sort(([one], [other]) => other.length - one.length);
  return row ? row[1](reason, error) : retry(reason, { suspect: true });
};

/** The statement failed about what it brought: the connection is as good as before. */
export const isAboutEvents = (thrown: unknown): boolean => isServerError(thrown) && /^(22|23|54|P0)/.test(thrown.code);

/** Of node-postgres, without a code. */
const byMessage: readonly (readonly [RegExp, Outcome])[] = [
  [/does not support SSL/, blocked('the server does not speak TLS')],
  // A proof of the password that is wrong on their side, or a way to prove it that we do not know.
  [/^SASL/, blocked('the server cannot be logged in to: its SASL exchange is not acceptable')],
  [/^(Connection terminated|timeout e)/, retry('the connection was lost')],
];

const isServerError = (thrown: unknown): thrown is Error & ServerError =>
  thrown instanceof Error && 'severity' in thrown && 'code' in thrown && /^[0-9A-Z]{5}$/.test(String(thrown.code));

/** Whatever a connection or a statement failed with. Never quotes an address or a password. */
export const errorOutcome = (thrown: unknown, secret: string): Outcome => {
  if (isServerError(thrown)) {
    const { code, column, constraint } = thrown;
    const message = secret.length < 6 ? thrown.message : thrown.message.replaceAll(secret, '***');
    return serverOutcome({ code, message, column, constraint });
  }
  const text = thrown instanceof Error && !('code' in thrown) ? thrown.message : '';
  const known = byMessage.find(([pattern]) => pattern.test(text));
  return known ? known[1] : failureOutcome(thrown);
};
