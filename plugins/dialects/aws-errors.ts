/**
 * Errors as AWS APIs report them (Smithy, "AWS restJson1 protocol", operation error serialization): the type in the header
 * `x-amzn-errortype` or in `__type`, the message in the body; inside an event stream as a message of their own.
 */
import type { Headers, JsonObject } from '../wire.ts';
import type { Reading, Refusal } from './dialect.ts';
import { object, string, text } from './read.ts';

const exceptionMark = 'exception:';

export const awsErrors = {
  /** The type, exactly as the header has it: often with a namespace behind a colon. */
  head: (reading: Reading, headers: Headers): void => {
    const type = string(headers['x-amzn-errortype']);
    if (type) reading.error = { type, code: null, message: null };
  },

  /** The message of an error answer; another answer has none. */
  body: (reading: Reading, answer: JsonObject): void => {
    const message = string(answer.message) ?? string(answer.Message);
    // A call that the front door knows no operation for is answered in `Output`.
    const named = string(answer.__type) ?? string(object(answer.Output)?.__type);
    const type = reading.error?.type ?? named?.replace(/^.*#/, '') ?? null;
    if (message === null && type === null) return;
    const code = text(answer.originalStatusCode) ?? text(answer.OriginalStatusCode);
    reading.error = { type, code, message };
  },

  /** Whether an event is an exception, which is then the reading's error. */
  event: (reading: Reading, name: string | null, event: JsonObject): boolean => {
    if (name === null || !name.startsWith(exceptionMark)) return false;
    const message = string(event.message) ?? string(event.Message) ?? string(event.originalMessage);
    const code = text(event.originalStatusCode) ?? text(event.ErrorCode);
    reading.error = { type: name.slice(exceptionMark.length), code, message };
    return true;
  },

  /** Without a header of its own, SDKs take the class of the exception from `__type`. */
  refusal: ({ status, message }: Refusal): JsonObject => ({ __type: exceptionOf(status), message }),
};

/** Exceptions of the Bedrock runtime by status (its API reference, "InvokeModel", Errors). */
const exceptionOf = (status: number): string =>
  status >= 500
    ? status === 503
      ? 'ServiceUnavailableException'
      : 'InternalServerException'
    : ({
        401: 'AccessDeniedException',
        403: 'AccessDeniedException',
        404: 'ResourceNotFoundException',
        408: 'ModelTimeoutException',
        429: 'ThrottlingException',
      }[status] ?? 'ValidationException');
