/** Whatever listens on that port: its answers end no thread, and no batch waits for ever. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { open } from '../../../../exporters/postgresql/client.ts';
import { read } from '../../../../exporters/postgresql/config.ts';
import { stored, surroundings } from '../given.ts';

const ready = '5200000008000000005a0000000549'; // the password is fine; idle

/** Lets everybody in and answers each statement with these bytes (hexadecimal). */
const server = async (t: TestContext, answer: string): Promise<number> => {
  const listener = createServer((socket) => {
    let isIn = false;
    socket.on('error', () => {});
    socket.on('data', () => {
      socket.write(Buffer.from(isIn ? answer : ready, 'hex'));
      isIn = true;
    });
    t.after(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => listener.close());
  return (listener.address() as AddressInfo).port;
};

const answers: Readonly<Record<string, string>> = {
  'a row of minus one columns': '4400000006ffff',
  'a row nobody has announced': '44000000060001',
  'a row of 32767 columns in six bytes': '44000000067fff',
  'a description of minus one columns': '5400000006ffff',
  'a description that ends in its middle': '54000000060001',
  HTTP: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex'),
  'a message of no length': '4400000000',
};

for (const [what, answer] of Object.entries(answers)) {
  test(`a server that answers with ${what} makes the batch wait and ends nothing`, { timeout: 20_000 }, async (t) => {
    const port = await server(t, answer);
    const destination = open(read({ host: '127.0.0.1', port }), surroundings({ timeout: 500 }));
    t.after(() => destination.close());
    const outcome = await destination.send([stored(1)], new AbortController().signal);
    assert.match(JSON.stringify(outcome), /"is":"(retry|blocked)"/);
  });
}
