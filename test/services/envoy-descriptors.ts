/** Envoy's and gRPC's own protobuf descriptors, for tests: Python packages in an environment of their own. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const packages = ['xds-protos==1.85.0', 'grpcio-health-checking==1.85.1'];
const place = fileURLToPath(new URL('../../node_modules/.cache/llm-usage-audit/xds-protos-1.85.0', import.meta.url));

/** Prints each field of the named messages: `{message: {field: [number, type]}}`; a message that is not known is null. */
const script = `
import importlib, json, sys
from google.protobuf import descriptor_pool
for module in sys.argv[1].split(','):
    importlib.import_module(module)
pool = descriptor_pool.Default()
told = {}
for name in sys.argv[2].split(','):
    message = pool.FindMessageTypeByName(name)
    told[name] = {field.name: [field.number, field.type] for field in message.fields}
print(json.dumps(told))
`;

const modules = [
  'envoy.service.ext_proc.v3.external_processor_pb2',
  'envoy.service.accesslog.v3.als_pb2',
  'grpc_health.v1.health_pb2',
];

const installed = async (): Promise<string> => {
  const python = `${place}/bin/python3`;
  if (existsSync(python)) return python;
  // Several tests may want it at once: each makes its own, the first one stays.
  const own = `${place}.${process.pid}`;
  await mkdir(dirname(place), { recursive: true });
  try {
    await run('python3', ['-m', 'venv', own], { timeout: 60_000 });
    await run(`${own}/bin/python3`, ['-m', 'pip', 'install', '--quiet', ...packages], { timeout: 120_000 });
    await rename(own, place).catch((error: unknown) => {
      if (!existsSync(python)) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return python;
};

/** Field number and type (as google.protobuf.FieldDescriptorProto.Type counts) by message and field. */
export type Descriptors = Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>>;

/** Null, with the test marked as skipped and the reason said, where they cannot be had. */
export const officialDescriptors = async (
  t: Pick<TestContext, 'skip'>,
  messages: readonly string[],
): Promise<Descriptors | null> => {
  let python: string;
  try {
    python = await installed();
  } catch (error) {
    t.skip(`no Python with ${packages.join(' and ')}: ${error instanceof Error ? error.message.slice(0, 300) : error}`);
    return null;
  }
  const { stdout } = await run(python, ['-c', script, modules.join(), messages.join()], { timeout: 60_000 });
  return JSON.parse(stdout);
};
