/** A webhook that belongs to the oracle: it notes what it gets, then says that it has it, and refuses poison unless it is told not to. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { isPoison } from './event.ts';
import { Arrivals } from './oracle.ts';

export interface Destination {
  readonly port: number;
  /** What has arrived under this path, `/name`. */
  at(name: string): Arrivals;
}

export const startDestination = async (
  t: Pick<TestContext, 'after'>,
  { refusesPoison = true } = {},
): Promise<Destination> => {
  const arrivals = new Map<string, Arrivals>();
  const at = (name: string): Arrivals => {
    const found = arrivals.get(name) ?? new Arrivals();
    arrivals.set(name, found);
    return found;
  };
  const server = createServer(async (request, response) => {
    let text: string;
    try {
      text = Buffer.concat(await request.toArray()).toString();
    } catch {
      return; // cut off in the middle: it has nothing
    }
    const events: { number: number }[] = JSON.parse(text);
    const poisoned = refusesPoison && events.some(({ number }) => isPoison(number));
    if (!poisoned) for (const event of events) at(request.url?.slice(1) ?? '').note(JSON.stringify(event));
    response.writeHead(poisoned ? 400 : 200).end();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, at };
};
