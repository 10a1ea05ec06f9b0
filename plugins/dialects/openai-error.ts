/** What can be said wrong in OpenAI's formats, by us and by everybody who speaks them. */
import type { Json, JsonObject } from '../wire.ts';
import type { CallError, Reading, Refusal } from './dialect.ts';
import { errorOf, object, objects, string, text } from './read.ts';

/**
 * An error in an answer or in an event of a stream: OpenAI's object under `error`; a sentence there, with its type or
 * code beside it (xAI, Hugging Face); the error as the answer itself (Mistral, Cerebras, vLLM); FastAPI's `detail`.
 */
export const readOpenaiError = (reading: Reading, answer: JsonObject): void => {
  const error = errorOf(answer.error);
  if (error) {
    const { type, code, message } = error;
    reading.error = { type: type ?? text(answer.error_type), code: code ?? text(answer.code), message };
  } else if (answer.object === 'error' || (typeof answer.message === 'string' && answer.choices === undefined)) {
    reading.error = errorOf(answer);
  } else if ((object(answer.base_resp)?.status_code ?? 0) !== 0) {
    const base = object(answer.base_resp);
    reading.error = { type: null, code: text(base?.status_code), message: string(base?.status_msg) };
  } else if (answer.detail !== undefined) {
    reading.error = detailOf(answer.detail) ?? reading.error;
  }
};

const detailOf = (detail: Json): CallError | null => {
  const first = objects(detail)[0];
  return errorOf(first ? { type: string(first.type), message: string(first.msg) } : (object(detail) ?? detail));
};

/** A refusal that OpenAI's SDKs understand; they choose the exception by the status, and show type, code and message. */
export const openaiRefusal = ({ code, message }: Refusal): JsonObject => ({
  error: { message, type: code === 'invalid_api_key' ? 'invalid_request_error' : code, param: null, code },
});
