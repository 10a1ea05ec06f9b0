import assert from 'node:assert/strict';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import { failureOf } from '../../../../exporters/kafka/failure.ts';
import { KafkaFailure } from '../../../../exporters/kafka/port.ts';

type Class = new (...parts: unknown[]) => Error;

/** Its types know fewer errors, and fewer of their parts, than it throws. */
const {
  KafkaJSConnectionClosedError,
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
  KafkaJSSASLAuthenticationError,
} = kafkajs as unknown as Readonly<
  Record<
    | 'KafkaJSConnectionClosedError'
    | 'KafkaJSConnectionError'
    | 'KafkaJSNonRetriableError'
    | 'KafkaJSNumberOfRetriesExceeded'
    | 'KafkaJSProtocolError'
    | 'KafkaJSRequestTimeoutError'
    | 'KafkaJSSASLAuthenticationError',
    Class
  >
>;

const told = (type: string, retriable: boolean): Error =>
  new KafkaJSProtocolError(Object.assign(new Error('secret.host said so'), { type, code: 1, retriable }));

const bug = new TypeError('x is not a function');

const table: [what: string, thrown: unknown, code: string, isAnswer: boolean][] = [
  ['a passing answer', told('NOT_LEADER_FOR_PARTITION', true), 'NOT_LEADER_FOR_PARTITION', true],
  ['an answer about records', told('MESSAGE_TOO_LARGE', false), 'MESSAGE_TOO_LARGE', true],
  ['a final answer', told('TOPIC_AUTHORIZATION_FAILED', false), 'TOPIC_AUTHORIZATION_FAILED', false],
  [
    'an answer after the last retry',
    new KafkaJSNumberOfRetriesExceeded(told('NOT_ENOUGH_REPLICAS', true), { retryCount: 0, retryTime: 1 }),
    'NOT_ENOUGH_REPLICAS',
    true,
  ],
  [
    'a refused connection after the last retry',
    new KafkaJSNumberOfRetriesExceeded(
      new KafkaJSConnectionError('Connection error: connect ECONNREFUSED 10.0.0.1:9092', { code: 'ECONNREFUSED' }),
      { retryCount: 0, retryTime: 1 },
    ),
    'ECONNREFUSED',
    false,
  ],
  [
    'a connection that ended',
    new KafkaJSConnectionClosedError('Closed connection', { host: 'h', port: 1 }),
    'CLOSED',
    false,
  ],
  ['a connection that did not come about', new KafkaJSConnectionError('Connection timeout'), 'NO_ANSWER', false],
  ['no answer', new KafkaJSRequestTimeoutError('Request Produce(key: 0, version: 7) timed out'), 'NO_ANSWER', false],
  [
    'a wrong password',
    new KafkaJSSASLAuthenticationError('SASL PLAIN authentication failed: Authentication failed'),
    'SASL_REFUSED',
    false,
  ],
  [
    'a mechanism that is missing',
    new KafkaJSSASLAuthenticationError('SASL PLAIN mechanism is not supported by the server'),
    'SASL_MECHANISM_MISSING',
    false,
  ],
  [
    'a connection lost while the password was shown',
    new KafkaJSSASLAuthenticationError('SASL PLAIN authentication failed: Closed connection'),
    'CLOSED',
    false,
  ],
  [
    'no answer to the password',
    new KafkaJSSASLAuthenticationError(
      'SASL PLAIN authentication failed: Request SaslAuthenticate(key: 36, version: 1) timed out',
    ),
    'CLOSED',
    false,
  ],
  ['a missing codec', new KafkaFailure('NO_CODEC'), 'NO_CODEC', false],
  ['a bug', new KafkaJSNonRetriableError(bug, { cause: bug }), 'TypeError', false],
  ['no error at all', 'secret.host', 'UNKNOWN', false],
  ['a code that is no code', Object.assign(new Error('x'), { code: 'https://secret.host' }), 'Error', false],
];

for (const [what, thrown, code, isAnswer] of table) {
  test(`${what} is ${code}`, () => {
    const failure = failureOf(thrown);
    assert.deepEqual([failure.code, failure.isAnswer], [code, isAnswer]);
    assert.doesNotMatch(JSON.stringify(failure) + failure.message, /secret\.host/);
  });
}
