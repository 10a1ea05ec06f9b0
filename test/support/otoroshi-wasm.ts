/** Runs the WASM plugin as Otoroshi does: by Extism, with Otoroshi's host functions faked. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import createPlugin, { type CallContext } from '@extism/extism';
import { temporaryFolder } from './cli.ts';

export type Json = Record<string, unknown>;

export interface Posted {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body_str: string;
  readonly request_timeout: number;
}

/** The bytes of the module, built as `node build.mjs` does. */
export const builtWasm = async (t: TestContext, options: { http?: boolean } = {}): Promise<Buffer> => {
  // Plain JavaScript of the build: it has no types.
  const module = '../../build/otoroshi/wasm.mjs';
  const { buildOtoroshiWasm } = (await import(module)) as {
    buildOtoroshiWasm(path: string, options: { http?: boolean }): Promise<unknown>;
  };
  const path = join(await temporaryFolder(t), 'plugin.wasm');
  await buildOtoroshiWasm(path, options);
  return readFile(path);
};

export interface FakeOtoroshi {
  /** Texts in the entity's `config`. */
  readonly config?: Record<string, string>;
  /** Answers `proxy_http_call`; what is no object is given as it is, undefined is no answer at all. */
  readonly http?: (call: Posted) => unknown;
  /** What `proxy_log_event` does besides remembering. */
  readonly log?: () => void;
}

export const opened = async (
  t: TestContext,
  wasm: Buffer,
  { config = {}, http = () => ({ status: 202, headers: {}, body_base64: '' }), log }: FakeOtoroshi = {},
) => {
  const posted: Posted[] = [];
  const logged: string[] = [];
  const plugin = await createPlugin(
    { wasm: [{ data: new Uint8Array(wasm) }] },
    {
      useWasi: true,
      config,
      functions: {
        env: {
          proxy_log_event: (context: CallContext, at: bigint) => {
            logged.push(context.read(at)?.json().message as string);
            log?.();
            return 0n;
          },
          proxy_http_call: (context: CallContext, at: bigint) => {
            const call = context.read(at)?.json() as Posted;
            posted.push(call);
            const answer = http(call);
            return answer === undefined
              ? 0n
              : context.store(typeof answer === 'string' ? answer : JSON.stringify(answer));
          },
        },
      },
    },
  );
  t.after(() => plugin.close());
  const call = async (fn: string, context: object): Promise<Json> =>
    (await plugin.call(fn, JSON.stringify(context)))?.json() as Json;
  return { call, raw: plugin, posted, logged };
};

interface Part {
  readonly module?: string;
  readonly name: string;
}

/** Node's types do not know it. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    compile(bytes: Uint8Array): Promise<object>;
    Module: { exports(module: object): Part[]; imports(module: object): Part[] };
  };
};

/** What a module offers and what it asks for, sorted. */
export const interfaceOf = async (wasm: Buffer): Promise<{ exports: string[]; imports: string[] }> => {
  const module = await WebAssembly.compile(new Uint8Array(wasm));
  return {
    exports: WebAssembly.Module.exports(module)
      .map(({ name }) => name)
      .sort(),
    imports: WebAssembly.Module.imports(module)
      .map(({ module: from, name }) => `${from}.${name}`)
      .sort(),
  };
};
