/** OpenTelemetry's own decoder of OTLP logs, for tests: the Python package `opentelemetry-proto` in an environment of its own. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const place = fileURLToPath(
  new URL('../../node_modules/.cache/llm-usage-audit/opentelemetry-proto-1.45.2', import.meta.url),
);

/** Reads requests as lines of Base64, writes each as a line of protobuf's JSON; fields that it does not know are an error. */
const script = `
import base64, sys
from google.protobuf.json_format import MessageToJson
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

def known(message):
    assert len(UnknownFieldSet(message)) == 0, message.DESCRIPTOR.full_name
    for field, value in message.ListFields():
        if field.message_type:
            for one in (value if isinstance(value, (list,)) or hasattr(value, 'append') or hasattr(value, 'add') else [value]):
                known(one)

for line in sys.stdin:
    request = ExportLogsServiceRequest.FromString(base64.b64decode(line))
    known(request)
    print(MessageToJson(request, indent=None))
`;

const installed = async (): Promise<string> => {
  const python = `${place}/bin/python3`;
  if (existsSync(python)) return python;
  // Several tests may want it at once: each makes its own, the first one stays. The programs inside know no other path.
  const own = `${place}.${process.pid}`;
  await mkdir(dirname(place), { recursive: true });
  try {
    await run('python3', ['-m', 'venv', own], { timeout: 60_000 });
    await run(`${own}/bin/python3`, ['-m', 'pip', 'install', '--quiet', 'opentelemetry-proto==1.45.2'], {
      timeout: 120_000,
    });
    await rename(own, place).catch((error: unknown) => {
      if (!existsSync(python)) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return python;
};

/** Decodes requests; null, with the test marked as skipped and the reason said, where the decoder cannot be had. */
export const otlpDecoder = async (
  t: Pick<TestContext, 'skip'>,
): Promise<((requests: readonly Buffer[]) => Promise<DecodedLogs[]>) | null> => {
  let python: string;
  try {
    python = await installed();
  } catch (error) {
    t.skip(`no Python with opentelemetry-proto: ${error instanceof Error ? error.message.slice(0, 300) : error}`);
    return null;
  }
  return async (requests) => {
    const decoding = run(python, ['-c', script], { maxBuffer: 256 * 1024 ** 2, timeout: 60_000 });
    decoding.child.stdin?.end(requests.map((request) => `${request.toString('base64')}\n`).join(''));
    return (await decoding).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
};

export interface DecodedAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** In protobuf's JSON: 64-bit integers are texts, bytes are Base64. */
export interface DecodedLogs {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly DecodedAttribute[] };
    readonly scopeLogs: readonly {
      readonly scope: { readonly name: string };
      readonly schemaUrl: string;
      readonly logRecords: readonly {
        readonly timeUnixNano: string;
        readonly observedTimeUnixNano: string;
        readonly severityNumber: string;
        readonly severityText: string;
        readonly body: { readonly stringValue: string };
        readonly attributes: readonly DecodedAttribute[];
        readonly traceId?: string;
        readonly spanId?: string;
        readonly eventName: string;
      }[];
    }[];
  }[];
}
