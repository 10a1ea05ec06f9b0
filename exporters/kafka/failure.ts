/** Reads what kafkajs throws. Its texts may hold addresses and what a broker says, so only names and codes get through. */
import { KafkaFailure } from './port.ts';

/** kafkajs turns whatever happens during SASL into an authentication error: also a connection that was lost meanwhile. */
const lost = /timed out|connection|not connected/i;

const byName: Readonly<Record<string, (error: Error) => string>> = {
  KafkaJSSASLAuthenticationError: ({ message }) => {
    if (/mechanism is not supported/.test(message)) return 'SASL_MECHANISM_MISSING';
    return lost.test(message) ? 'CLOSED' : 'SASL_REFUSED';
  },
  KafkaJSRequestTimeoutError: () => 'NO_ANSWER',
  KafkaJSLockTimeout: () => 'NO_ANSWER',
  KafkaJSTimeout: () => 'NO_ANSWER',
  KafkaJSConnectionClosedError: () => 'CLOSED',
  KafkaJSConnectionError: (error) =>
    error.message === 'Connection timeout' ? 'NO_ANSWER' : (codeIn(error) ?? 'CLOSED'),
  KafkaJSMetadataNotLoaded: () => 'NO_METADATA',
  KafkaJSTopicMetadataNotLoaded: () => 'NO_METADATA',
  KafkaJSBrokerNotFound: () => 'BROKER_NOT_AVAILABLE',
  KafkaJSServerDoesNotSupportApiKey: () => 'UNSUPPORTED_VERSION',
  KafkaJSNotImplemented: () => 'NO_CODEC',
};

const codeIn = (error: Error): string | null =>
  'code' in error && typeof error.code === 'string' && /^[A-Z0-9_/]+$/.test(error.code) ? error.code : null;

/** Refusals that are about the records; after any other the producer is built anew unless kafkajs calls them passing. */
const aboutRecords = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP']);

/** The first thing in a chain of causes that says what happened; the name of the last one when none does. */
export const failureOf = (thrown: unknown): KafkaFailure => {
  let error = thrown;
  let name = 'UNKNOWN';
  for (let depth = 0; error instanceof Error && depth < 8; depth++) {
    if (error instanceof KafkaFailure) return error;
    if ('type' in error && typeof error.type === 'string' && /^[A-Z_]+$/.test(error.type)) {
      const passes = 'retriable' in error && error.retriable === true;
      return new KafkaFailure(error.type, passes || aboutRecords.has(error.type));
    }
    const read = Object.hasOwn(byName, error.name) ? byName[error.name] : undefined;
    if (read) return new KafkaFailure(read(error));
    const code = codeIn(error);
    if (code !== null) return new KafkaFailure(code);
    if (/^[A-Za-z]+$/.test(error.name)) name = error.name;
    error = error.cause;
  }
  return new KafkaFailure(name);
};
