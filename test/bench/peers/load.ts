/** The client process. */
import { closedLoop, type Until } from '../load/closed-loop.ts';
import { openLoop } from '../load/open-loop.ts';
import { pacedStreams } from '../load/paced-streams.ts';
import { serve } from '../process.ts';
import { type Address, type Connection, openConnections } from '../wire/connection.ts';
import type { StampedStream } from '../wire/stamped-stream.ts';
import { expectedAnswer, request, type Traffic } from '../wire/traffic.ts';
import { cpu } from './cpu.ts';

/** Where calls go, and whether what is there adds the usage option to them. */
export interface Place extends Address {
  readonly path: string;
  readonly audited: boolean;
}

let connections: Connection[] = [];

const prepared = (place: Place, traffic: Traffic) => ({
  request: request(traffic, `${place.host}:${place.port}`, place.path),
  answer: Buffer.from(expectedAnswer(traffic, place.audited)),
});

const services = {
  cpu,
  connect: async (place: Place, count: number): Promise<void> => {
    connections = await openConnections(place, count);
  },
  closedLoop: (place: Place, traffic: Traffic, until: Until) =>
    closedLoop(connections, prepared(place, traffic), until),
  openLoop: (place: Place, traffic: Traffic, rate: number, ms: number) =>
    openLoop(connections, prepared(place, traffic), rate, ms),
  pacedStreams: (place: Place, traffic: Traffic, expected: StampedStream) =>
    pacedStreams(connections, prepared(place, traffic).request, expected),
  disconnect: (): void => {
    for (const connection of connections) connection.close();
    connections = [];
  },
};

export type LoadServices = typeof services;

serve(services);
