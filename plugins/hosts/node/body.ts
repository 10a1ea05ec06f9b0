/** Reads a request body as a whole, up to a limit. */
import type { IncomingMessage } from 'node:http';

/** Null: longer than `limit` bytes; nothing more of it is read. Rejects when the client leaves before its end. */
export const readBody = (req: IncomingMessage, limit: number): Promise<Buffer | null> =>
  new Promise((resolve, reject) => {
    if (Number(req.headers['content-length'] ?? 0) > limit) return resolve(null);
    const chunks: Buffer[] = [];
    let length = 0;
    req.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        req.removeAllListeners('data');
        req.pause();
        resolve(null);
      } else chunks.push(chunk);
    });
    const left = (): void => reject(new ClientLeft());
    req.on('end', () => {
      // A request that was read closes too, in its time; making an error for that costs more than the reading.
      req.off('close', left);
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length));
    });
    req.on('close', left);
    req.on('error', left);
  });

/** The client closed the connection before its request was complete: there is nobody to answer, and nothing was spent. */
export class ClientLeft extends Error {}
