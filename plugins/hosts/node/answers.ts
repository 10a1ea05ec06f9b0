/** Answers of the gateway itself. */
import type { ServerResponse } from 'node:http';
import type { Refused } from '../../contract.ts';

export const errorBody = (code: string, message: string) => ({ error: { message, type: code, param: null, code } });

/** An answer of the gateway itself, as JSON. */
export const say = (res: ServerResponse, status: number, code: string | null, message: string): void => {
  const body = JSON.stringify(code === null ? { status: message } : errorBody(code, message));
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
};

export const refuse = (res: ServerResponse, refused: Refused, closing: boolean): void => {
  res.writeHead(refused.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(refused.body),
    // The rest of a body that nobody reads cannot be followed by another request.
    ...(closing ? { connection: 'close' } : {}),
    ...refused.headers,
  });
  res.end(refused.body);
};
