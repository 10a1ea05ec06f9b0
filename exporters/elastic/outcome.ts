/** What the answers of Elasticsearch and OpenSearch mean: of a whole request, and of one event in a bulk. */
import { httpMeanings, type Meanings, statusOutcome } from '../net/outcome.ts';
import { blocked, deadLetter, delivered, duplicate, type Outcome, retry, split } from '../pipeline/outcome.ts';

/** `error` of an answer. Its `reason` may quote values of the event. */
export interface Refusal {
  readonly type?: string;
  readonly reason: string;
}

/** One of `items` of a bulk's answer, of what `filter_path` leaves. */
export interface Item {
  readonly status: number;
  readonly error?: { readonly type?: unknown; readonly reason?: unknown };
  /** `used`: it is in the failure store of its data stream. */
  readonly failure_store?: unknown;
}

const meanings: Meanings = {
  ...httpMeanings,
  // Not about an event, here: a media type or an API that this cluster does not know.
  406: 'blocked',
  410: 'blocked',
  415: 'blocked',
};

/** These may quote what was sent. */
const aboutContents = new Set([400, 409, 413, 422, 500]);

/** Of an answer other than 2xx. What is about the contents of the request is told by its type only. */
export const wholeOutcome = (
  { status, retryAfter, refusal }: { status: number; retryAfter?: string | undefined; refusal: Refusal },
  now: number,
): Outcome => {
  const said = aboutContents.has(status) ? [refusal.type] : [refusal.type, refusal.reason];
  const excerpt = said.filter((text) => text !== undefined && text !== '').join(': ');
  return statusOutcome({ status, retryAfter, excerpt }, now, meanings);
};

/** Faults of the index or the cluster that come as 400 like those of an event. */
const faultsOfIndex = new Set([
  'cluster_block_exception', // read-only
  'index_closed_exception',
  'invalid_index_name_exception',
  'invalid_alias_name_exception',
  'validation_exception', // no more shards allowed
]);
/** `illegal_argument_exception` says these, and much about events: only how it begins is its own, the rest may quote one. */
const faultOfIndex = /^(?:no write index is defined|pipeline with id \[|only write ops with an op_type of create)/;

/** A field's name as it stands in the reasons, where no value stands. */
const fieldIn = [
  /failed to parse field \[([\w@.*-]{1,200})\] of type \[(\w{1,30})\]/,
  /object mapping for \[([\w@.*-]{1,200})\]/,
  /mapper \[([\w@.*-]{1,200})\]/,
  /dynamic introduction of \[([\w@.*-]{1,200})\]/,
  /immense term in field="([\w@.*-]{1,200})"/,
  /timestamp field \[([\w@.*-]{1,200})\] is missing/,
];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The type of the error and the field it is about: the rest of the text may quote the event. */
export const sentenceOf = ({ status, error }: Item): string => {
  const type = /^\w{1,80}$/.test(textOf(error?.type)) ? ` ${textOf(error?.type)}` : '';
  const reason = textOf(error?.reason).slice(0, 4096);
  const [, name, kind] = fieldIn.map((pattern) => pattern.exec(reason)).find((match) => match !== null) ?? [];
  const field = name === undefined ? '' : `, field ${name}${kind === undefined ? '' : ` of type ${kind}`}`;
  return `HTTP ${status}${type}${field}`;
};

/** The index is not there and was not made by itself. */
export const isMissing = ({ status }: Item): boolean => status === 404;

/**
 * `othersTaken`: the answer took another event, so what is refused is this one. Else the pipeline finds out, by sending it
 * alone, and condemns only so many in a row. `clean` takes secrets out of a text.
 */
export const itemOutcome = (item: Item, othersTaken: boolean, clean: (text: string) => string): Outcome => {
  const { status, error } = item;
  if (status >= 200 && status < 300) return delivered;
  if (status === 409) return duplicate; // `create` under its own id: it was there before
  // A shard that is not available quotes the request.
  if (status === 429 || status >= 500) return retry(sentenceOf(item), { suspect: status === 500 });
  const isOfIndex =
    [401, 403, 404].includes(status) ||
    faultsOfIndex.has(textOf(error?.type)) ||
    (error?.type === 'illegal_argument_exception' && faultOfIndex.test(textOf(error.reason)));
  if (isOfIndex) return blocked(clean(`HTTP ${status} ${textOf(error?.type)}: ${textOf(error?.reason)}`));
  return othersTaken ? deadLetter(sentenceOf(item)) : split(sentenceOf(item));
};
