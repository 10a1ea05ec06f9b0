/** For libraries that decode in the listener itself, and trust what they read: what they throw there would end the whole process. */
import type { Duplex } from 'node:stream';

type Take = (chunk: Buffer) => void;

/**
 * Wraps the listeners of `data` that are attached from now on: an answer that one of them falls over, or that is not
 * `isPlausible`, ends the connection instead.
 */
export const survivable = <Connection extends Duplex>(
  connection: Connection,
  isPlausible: (chunk: Buffer) => boolean = () => true,
): Connection => {
  const on: (event: string, listener: Take) => Connection = connection.on.bind(connection);
  const guarded =
    (listener: Take): Take =>
    (chunk) => {
      try {
        if (isPlausible(chunk)) return listener(chunk);
        connection.destroy(new Error('an answer in another protocol'));
      } catch {
        connection.destroy(new Error('an answer that cannot be read'));
      }
    };
  return Object.assign(connection, {
    on: (event: string, listener: Take) => on(event, event === 'data' ? guarded(listener) : listener),
  });
};
