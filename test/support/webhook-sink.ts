/** A webhook that answers what the test wants and keeps the ids that it was given. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

export interface WebhookSink {
  /** What it answers, and what it has taken. */
  readonly state: { status: number; ids: string[] };
  readonly url: string;
  /** Once it has taken so many. */
  got(count: number): Promise<string[]>;
  /** At the next request. */
  asked(): Promise<void>;
}

/** @param path that no output may show */
export const webhookSink = async (t: TestContext, path = '/events'): Promise<WebhookSink> => {
  const state = { status: 200, ids: [] as string[] };
  const waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request); // empty when it is only asked whether it is there
    const events = JSON.parse(body || '[]') as { '@id': string }[];
    if (state.status < 300) state.ids.push(...events.map((event) => event['@id']));
    response.writeHead(state.status).end();
    for (const look of waiting.splice(0)) look();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const asked = () => new Promise<void>((resolve) => waiting.push(resolve));
  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    got: async (count) => {
      while (state.ids.length < count) await asked();
      return state.ids;
    },
    asked,
  };
};
