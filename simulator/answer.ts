/** An answer that is ready to be sent. */
import type { Random } from './random.ts';
import type { Failure, Vendor } from './vendors/vendor.ts';

/** One write to the socket. */
export interface Piece {
  readonly bytes: string | Uint8Array;
  /** Carries a piece of the answer's content, unlike the events around it. */
  readonly content: boolean;
}

export interface Answer {
  readonly status: number;
  /** Names (lower case) and values in turn, as `writeHead` takes them. */
  readonly headers: readonly string[];
  /** A whole body is sent with its length, pieces one write each in chunked encoding. */
  readonly body: string | Uint8Array | Iterable<Piece>;
  /** The socket is destroyed at the end of the pieces, or half-way through a whole body. */
  readonly cut: boolean;
}

/** `event: NAME` (where the API names its events) and `data: JSON`, as one write. */
export const sse = (event: string | null, json: string, content = false): Piece => ({
  bytes: event === null ? `data: ${json}\n\n` : `event: ${event}\ndata: ${json}\n\n`,
  content,
});

/** A successful answer with the vendor's usual headers. `usedTokens` lowers what is left of the rate limit. */
export const succeeded = (vendor: Vendor, random: Random, body: Answer['body'], usedTokens = 0): Answer => {
  const streamed = typeof body === 'string' ? /^(data|event):/.test(body) : !(body instanceof Uint8Array);
  const type = streamed
    ? ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache']
    : ['content-type', 'application/json'];
  const headers = [...type, ...vendor.headers(vendor.requestId(random), usedTokens)];
  return { status: 200, headers, body, cut: false };
};

/** A failure in the vendor's shape. */
export const failed = (vendor: Vendor, random: Random, failure: Failure): Answer => {
  const id = vendor.requestId(random);
  const headers = ['content-type', 'application/json', ...vendor.headers(id, 0), ...vendor.failureHeaders(failure)];
  return { status: failure.status, headers, body: vendor.failure(failure, id), cut: false };
};

function* upTo(pieces: Iterable<Piece>, limit: number): Generator<Piece> {
  let content = 0;
  for (const piece of pieces) {
    if (piece.content && content++ === limit) return;
    yield piece;
  }
}

/** The answer, cut after that many content pieces, or half-way where it is whole. */
export const cutAfter = (answer: Answer, limit: number | undefined): Answer => {
  if (limit === undefined) return answer;
  const whole = typeof answer.body === 'string' || answer.body instanceof Uint8Array;
  return { ...answer, body: whole ? answer.body : upTo(answer.body, limit), cut: true };
};
