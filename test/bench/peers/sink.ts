/** The process that takes events over HTTP in the benchmark of the exporters, and counts them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '../process.ts';
import { cpu } from './cpu.ts';

/** Counted, not parsed: the sink must not be what is measured. */
const mark = Buffer.from('"@id":');
const count = (bytes: Buffer): number => {
  let found = 0;
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) found++;
  return found;
};

let taken = 0;
let status = 200;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (status < 300) taken += count(Buffer.concat(chunks));
    response.writeHead(status).end();
  });
});

const services = {
  start: () =>
    new Promise<string>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
    }),
  /** What it answers from now on. */
  answer: (code: number): void => {
    status = code;
  },
  taken: (): number => taken,
  cpu,
};

export type Sink = typeof services;

serve(services);
