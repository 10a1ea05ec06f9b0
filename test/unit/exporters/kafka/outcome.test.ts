import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnknownTopic, outcomeOf } from '../../../../exporters/kafka/outcome.ts';
import type { Outcome } from '../../../../exporters/pipeline/outcome.ts';

const table: Readonly<Record<string, Outcome['is']>> = {
  // connections
  ECONNREFUSED: 'retry',
  ECONNRESET: 'retry',
  ENOTFOUND: 'retry',
  EAI_AGAIN: 'retry',
  CLOSED: 'retry',
  NO_ANSWER: 'retry',
  // the cluster, at this moment
  LEADER_NOT_AVAILABLE: 'retry',
  NOT_LEADER_FOR_PARTITION: 'retry',
  REQUEST_TIMED_OUT: 'retry',
  BROKER_NOT_AVAILABLE: 'retry',
  REPLICA_NOT_AVAILABLE: 'retry',
  NETWORK_EXCEPTION: 'retry',
  NOT_ENOUGH_REPLICAS: 'retry',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'retry',
  NOT_CONTROLLER: 'retry',
  KAFKA_STORAGE_ERROR: 'retry',
  FENCED_LEADER_EPOCH: 'retry',
  UNKNOWN_LEADER_EPOCH: 'retry',
  CORRUPT_MESSAGE: 'retry', // on its way: the text is whole here
  UNKNOWN_TOPIC_OR_PARTITION: 'retry', // for a while, see the client
  // nobody knows
  UNKNOWN: 'retry',
  TypeError: 'retry',
  KafkaJSInvariantViolation: 'retry',
  // the records
  MESSAGE_TOO_LARGE: 'split',
  RECORD_LIST_TOO_LARGE: 'split',
  INVALID_RECORD: 'split',
  INVALID_TIMESTAMP: 'split',
  // the configuration
  SASL_REFUSED: 'blocked',
  SASL_AUTHENTICATION_FAILED: 'blocked',
  SASL_MECHANISM_MISSING: 'blocked',
  UNSUPPORTED_SASL_MECHANISM: 'blocked',
  ILLEGAL_SASL_STATE: 'blocked',
  SECURITY_DISABLED: 'blocked',
  TOPIC_AUTHORIZATION_FAILED: 'blocked',
  CLUSTER_AUTHORIZATION_FAILED: 'blocked',
  INVALID_TOPIC_EXCEPTION: 'blocked',
  UNSUPPORTED_COMPRESSION_TYPE: 'blocked',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'blocked',
  UNSUPPORTED_VERSION: 'blocked',
  INVALID_REQUIRED_ACKS: 'blocked',
  POLICY_VIOLATION: 'blocked',
  NO_CODEC: 'blocked',
  // certificates
  DEPTH_ZERO_SELF_SIGNED_CERT: 'blocked',
  SELF_SIGNED_CERT_IN_CHAIN: 'blocked',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'blocked',
  CERT_HAS_EXPIRED: 'blocked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'blocked',
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': 'blocked',
  ERR_SSL_WRONG_VERSION_NUMBER: 'blocked',
};

for (const [code, expected] of Object.entries(table)) {
  test(`${code} is ${expected}`, () => {
    const outcome = outcomeOf(code);
    assert.equal(outcome.is, expected);
    // Somebody has to understand it without this file; where words were found they stand before the code.
    if (!['CLOSED', 'NO_ANSWER'].includes(code)) assert.ok('reason' in outcome && outcome.reason.includes(code));
  });
}

test('a topic that is not there is told from one without a leader at the moment', () => {
  assert.deepEqual(Object.keys(table).filter(isUnknownTopic), ['UNKNOWN_TOPIC_OR_PARTITION']);
});
