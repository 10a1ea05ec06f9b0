/** Our own few messages of Envoy's protocol, held against the official ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSync } from '@grpc/proto-loader';
import { loadServices, protoFile } from '../../../../plugins/hosts/envoy/messages.ts';
import { officialDescriptors } from '../../../services/envoy-descriptors.ts';

/** Where each of our messages comes from. */
const official: Record<string, readonly string[]> = {
  'envoy.service.ext_proc.v3': [
    'ProcessingRequest',
    'HttpHeaders',
    'HttpBody',
    'HttpTrailers',
    'ProcessingResponse',
    'HeadersResponse',
    'BodyResponse',
    'TrailersResponse',
    'CommonResponse',
    'HeaderMutation',
    'BodyMutation',
    'ImmediateResponse',
  ],
  'envoy.type.v3': ['HttpStatus'],
  'envoy.config.core.v3': ['HeaderMap', 'HeaderValue', 'HeaderValueOption', 'Metadata'],
  'envoy.service.accesslog.v3': ['StreamAccessLogsMessage', 'StreamAccessLogsResponse'],
  'envoy.service.accesslog.v3.StreamAccessLogsMessage': ['HTTPAccessLogEntries'],
  'envoy.data.accesslog.v3': [
    'HTTPAccessLogEntry',
    'AccessLogCommon',
    'ResponseFlags',
    'HTTPRequestProperties',
    'HTTPResponseProperties',
  ],
  'grpc.health.v1': ['HealthCheckRequest', 'HealthCheckResponse'],
};

interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: string;
}

/** Of google.protobuf.FieldDescriptorProto.Type. An enumeration that we read as its number is as good as one. */
const types: Readonly<Record<string, readonly number[]>> = {
  TYPE_BOOL: [8],
  TYPE_STRING: [9],
  TYPE_MESSAGE: [11],
  TYPE_BYTES: [12],
  TYPE_UINT32: [13],
  TYPE_INT32: [5, 14],
  TYPE_ENUM: [14],
};

test('every field that we read or write has its public number and type', async (t) => {
  const loaded = loadSync(protoFile, { keepCase: true }) as unknown as Record<string, { type?: { field: Field[] } }>;
  const ours = Object.entries(official).flatMap(([space, names]) =>
    names.map((name) => ({ name, full: `${space}.${name}`, fields: loaded[`llm_audit.envoy.${name}`]?.type?.field })),
  );
  const placed = new Set(ours.map(({ name }) => `llm_audit.envoy.${name}`));
  const messages = Object.entries(loaded).filter(
    ([name, { type }]) => name.startsWith('llm_audit.') && type && 'field' in type,
  );
  assert.deepEqual(
    messages.map(([name]) => name).filter((name) => !placed.has(name)),
    [],
    'messages without an origin',
  );
  const theirs = await officialDescriptors(
    t,
    ours.map(({ full }) => full),
  );
  if (theirs === null) return;
  for (const { full, fields } of ours) {
    assert.ok(fields, full);
    for (const { name, number, type } of fields) {
      const [officialNumber, officialType]: readonly number[] = theirs[full]?.[name] ?? [];
      assert.equal(number, officialNumber, `${full}.${name}`);
      assert.ok(types[type]?.includes(officialType ?? 0), `${full}.${name}: ${type} is ${officialType}`);
    }
  }
});

test('the services are called by their public names', () => {
  const paths = Object.values(loadServices()).flatMap((service) => Object.values(service).map(({ path }) => path));
  assert.deepEqual(paths, [
    '/envoy.service.ext_proc.v3.ExternalProcessor/Process',
    '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs',
    '/grpc.health.v1.Health/Check',
    '/grpc.health.v1.Health/Watch',
  ]);
});
