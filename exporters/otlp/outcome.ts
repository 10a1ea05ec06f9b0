/** What an answer over OTLP means for the batch; https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */
import { excerptOf } from '../net/answer.ts';
import type { Answer } from '../net/http.ts';
import { statusOutcome } from '../net/outcome.ts';
import { delivered, type Outcome, retry, split } from '../pipeline/outcome.ts';
import { readFields } from './protobuf.ts';

/** ExportLogsPartialSuccess. */
interface PartialSuccess {
  /** Records. */
  readonly rejected: number;
  /** A reason, or a warning where none was rejected. */
  readonly message: string;
}

const none: PartialSuccess = { rejected: 0, message: '' };

const fromJson = (text: string): PartialSuccess => {
  try {
    const { rejectedLogRecords = 0, errorMessage = '' } = JSON.parse(text)?.partialSuccess ?? {};
    return { rejected: Number(rejectedLogRecords) || 0, message: String(errorMessage) };
  } catch {
    // Cut off, perhaps.
    const [, rejected] = /"rejectedLogRecords"\s*:\s*"?([0-9]{1,10})/.exec(text) ?? [];
    return { rejected: Number(rejected ?? 0), message: '' };
  }
};

const numberIn = (fields: ReturnType<typeof readFields>, field: number): number =>
  fields?.reduce((last, [number, value]) => (number === field && typeof value === 'number' ? value : last), 0) ?? 0;

const bytesIn = (fields: ReturnType<typeof readFields>, field: number): Buffer | null =>
  fields?.reduce<Buffer | null>(
    (last, [number, value]) => (number === field && Buffer.isBuffer(value) ? value : last),
    null,
  ) ?? null;

/** Of a 2xx. A body that is no ExportLogsServiceResponse, in protobuf or (although it was not asked for) in JSON, says nothing. */
export const partialSuccess = (body: Buffer): PartialSuccess => {
  if (body[0] === 0x7b) return fromJson(body.toString());
  const partial = bytesIn(readFields(body), 1);
  if (!partial) return none;
  const fields = readFields(partial);
  return { rejected: numberIn(fields, 1), message: bytesIn(fields, 2)?.toString() ?? '' };
};

/** Of a refusal: `message` of google.rpc.Status, or the body as text. */
const refusalOf = (body: Buffer): Buffer => {
  const message = bytesIn(readFields(body), 2);
  return message && message.length > 0 ? message : body;
};

/** `count`: records that were sent. `now`: epoch milliseconds. */
export const answerOutcome = (answer: Answer, count: number, secrets: readonly string[], now: number): Outcome => {
  if (answer.status < 200 || answer.status > 299) {
    return statusOutcome({ ...answer, excerpt: excerptOf({ body: refusalOf(answer.body) }, secrets) }, now);
  }
  const { rejected, message } = partialSuccess(answer.body);
  if (rejected <= 0) return answer.isCut ? retry('the answer was cut off: nobody knows what was taken') : delivered;
  // It does not say which: they are found by sending halves, at the price of sending the others again.
  const excerpt = excerptOf({ body: Buffer.from(message) }, secrets);
  return split(`${Math.min(rejected, count)} of ${count} rejected${excerpt === '' ? '' : `: ${excerpt}`}`);
};
