/** Asks a running gateway, through the socket of its data directory. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Answer } from './answer.ts';

const usualPatience = 15_000;

/**
 * Null when nobody listens there. Rejects when the gateway does not answer.
 * @param patienceMs for the answer
 */
export const askSocket = (
  socket: string,
  method: string,
  path: string,
  body = '',
  patienceMs = usualPatience,
): Promise<Answer | null> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, method, path, timeout: patienceMs }, (response) => {
      text(response)
        .then((json) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(json) }))
        .catch(reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`the gateway did not answer within ${patienceMs / 1000} s`)));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // EINVAL: the path is too long for a socket, so none was made.
      if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'EINVAL'].includes(error.code ?? '')) resolve(null);
      else reject(error);
    });
    asked.end(body);
  });
