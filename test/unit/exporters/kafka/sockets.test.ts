/** What answers may not be Kafka at all. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { open } from '../../../../exporters/kafka/client.ts';
import { read } from '../../../../exporters/kafka/config.ts';
import { frames, newSockets } from '../../../../exporters/kafka/sockets.ts';
import { stored, surroundings } from '../given.ts';

test('frames are followed wherever they are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 4, maxLength: 50 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 17 }),
      (bodies, step) => {
        const stream = Buffer.concat(
          bodies.map((body) => {
            const length = Buffer.alloc(4);
            length.writeInt32BE(body.length);
            return Buffer.concat([length, body]);
          }),
        );
        const isPlausible = frames();
        for (let at = 0; at < stream.length; at += step) assert.ok(isPlausible(stream.subarray(at, at + step)));
      },
    ),
  );
});

test('a frame that is negative, empty or beyond any answer is not followed', () => {
  for (const length of ['ffffffff', '80000000', '00000000', '00000003', '7fffffff', '01000001']) {
    assert.equal(frames()(Buffer.from(length, 'hex')), false);
  }
  assert.equal(frames()(Buffer.from('01000000', 'hex')), true);
});

/** Somebody who listens on a port and answers as the test says. */
const somebody = async (t: TestContext, answer: (socket: Socket, question: Buffer) => void): Promise<string> => {
  const server = createServer((socket) => {
    t.after(() => socket.destroy());
    socket.on('data', (question: Buffer) => answer(socket, question));
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const garbage: Readonly<Record<string, (question: Buffer) => Buffer>> = {
  HTTP: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'an endless answer': () => Buffer.from('7fffffff', 'hex'),
  'a negative answer': () => Buffer.from('ffffffff00000000', 'hex'),
  'too short an answer': () => Buffer.from('0000000100', 'hex'),
  'the answer to something else': () => Buffer.from('0000000a00bada5500000000ffff', 'hex'),
  'an answer that ends in its middle': (question) =>
    Buffer.concat([Buffer.from('00000008', 'hex'), question.subarray(8, 12), Buffer.from('00007fff', 'hex')]),
  'a list of two billion versions': (question) =>
    Buffer.concat([Buffer.from('0000000a', 'hex'), question.subarray(8, 12), Buffer.from('00007fffffff', 'hex')]),
};

for (const [what, bytes] of Object.entries(garbage)) {
  test(`${what} in the place of a broker is tried again, and nothing falls over`, async (t) => {
    const server = await somebody(t, (socket, question) => void socket.write(bytes(question)));
    const destination = open(read({ servers: [server] }), surroundings({ timeout: 700 }));
    t.after(() => destination.close());
    const signal = new AbortController().signal;
    assert.partialDeepStrictEqual(await destination.send([stored(1)], signal), [{ is: 'retry' }]);
    assert.partialDeepStrictEqual(await destination.check(signal), { is: 'retry' });
  });
}

test('nobody there is a retry, and the reason tells no address', async (t) => {
  const destination = open(read({ servers: ['127.0.0.1:9', '127.0.0.1:10'] }), surroundings());
  t.after(() => destination.close());
  assert.deepEqual(await destination.send([stored(1), stored(2)], new AbortController().signal), [
    { is: 'retry', reason: 'no connection: ECONNREFUSED' },
    { is: 'retry', reason: 'no connection: ECONNREFUSED' },
  ]);
});

test('who says nothing costs the timeout, and a stop ends the wait at once', async (t) => {
  const server = await somebody(t, () => {});
  const destination = open(read({ servers: [server] }), surroundings({ timeout: 500 }));
  t.after(() => destination.close());
  assert.deepEqual(await destination.send([stored(1)], new AbortController().signal), [
    { is: 'retry', reason: 'no answer in time' },
  ]);
  const stop = new AbortController();
  const begun = performance.now();
  const sending = destination.send([stored(1)], stop.signal);
  setTimeout(() => stop.abort(), 50);
  assert.deepEqual(await sending, [{ is: 'retry', reason: 'stopped' }]);
  assert.ok(performance.now() - begun < 400);
});

test('no broker is connected to where clouds hand out credentials, whoever names the address', async (t) => {
  const destination = open(read({ servers: ['169.254.169.254:9092'] }), surroundings());
  t.after(() => destination.close());
  const signal = new AbortController().signal;
  assert.partialDeepStrictEqual(await destination.send([stored(1)], signal), [{ is: 'blocked' }]);
  assert.partialDeepStrictEqual(await destination.check(signal), { is: 'blocked' });
});

test('where somebody else chose the servers, those and the brokers that they name are at public or allowed addresses', async (t) => {
  const server = await somebody(t, (socket) => void socket.end());
  const asked = async (servers: string[], allow: string[]): Promise<unknown> => {
    const destination = open(read({ servers }), surroundings({ trust: { allow } }));
    t.after(() => destination.close());
    return [await destination.send([stored(1)], new AbortController().signal)].flat()[0]?.is;
  };
  assert.equal(await asked([server], []), 'blocked');
  assert.equal(await asked([server.replace('127.0.0.1', 'localhost')], []), 'blocked');
  assert.equal(await asked([server], ['127.0.0.0/8']), 'retry');
  // Every connection, also to the brokers that an answer names, is made by these.
  const sockets = newSockets({ allow: [] });
  t.after(sockets.close);
  const socket = sockets.open({
    host: 'localhost',
    port: Number(server.split(':')[1]),
    onConnect: () => assert.fail(),
  });
  const [error] = await once(socket, 'error');
  assert.equal(error.code, 'ERR_FORBIDDEN_ADDRESS');
});
