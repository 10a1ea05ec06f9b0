/** jq in WebAssembly, called synchronously: the package's own wrapper reads its input byte by byte, in quadratic time. */
import factory from 'jq-wasm/dist/build/jq.js';

type Call = (...parameters: number[]) => number;

/** As far as it is used here: its types come with those of browsers only. */
interface Wasm {
  instantiate: (source: unknown, imports: unknown) => Promise<unknown>;
  readonly Module: new (source: Uint8Array) => Code;
  readonly Instance: new (code: Code, imports: Imports) => object;
}

const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: Wasm };

/** jq, compiled. */
export type Code = object;

/** What the package's module is once it runs. */
interface JqModule {
  callMain(args: string[]): number;
  readonly HEAPU8: Uint8Array;
}

interface Imports {
  readonly a: Readonly<Record<string, Call>>;
}

const start = factory as unknown as (options?: {
  instantiateWasm(this: JqModule, imports: Imports, receive: (instance: object) => void): object;
}) => Promise<JqModule>;

/** jq's code, taken from the package when it first starts: it is hidden inside it. */
export const compileJq = async (): Promise<Code> => {
  const { promise, resolve, reject } = Promise.withResolvers<Code>();
  const real = wasm.instantiate;
  const watching = async (source: unknown, imports: unknown): Promise<unknown> => {
    if (source instanceof Uint8Array && typeof imports === 'object' && imports && 'a' in imports) {
      wasm.instantiate = real;
      resolve(new wasm.Module(source));
    }
    return Reflect.apply(real, wasm, [source, imports]);
  };
  wasm.instantiate = watching;
  start()
    .catch(reject)
    .finally(() => {
      if (wasm.instantiate === watching) wasm.instantiate = real;
      reject(new Error('jq-wasm did not start as expected'));
    });
  return promise;
};

export interface Output {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

const nothing = Buffer.alloc(0);

/** One machine with its memory; after an exception it is in no known state. */
export class JqInstance {
  #running: JqModule | null = null;
  #input: Buffer = nothing;
  #read = 0;
  #out: Uint8Array[] = [];
  #err: Uint8Array[] = [];
  #written = 0;
  readonly #maxOutput: number;

  /** @param maxOutput bytes that one call may write. */
  constructor(code: Code, maxOutput: number) {
    this.#maxOutput = maxOutput;
    const replace = (imports: Imports): Imports => {
      const own: Record<string, Call> = {
        _fd_read: (_, vectors, count, done) => this.#fill(vectors as number, count as number, done as number),
        _fd_write: (fd, vectors, count, done) =>
          this.#write(fd as number, vectors as number, count as number, done as number),
        _environ_sizes_get: (count, size) => this.#store([count as number, 0], [size as number, 0]),
        _environ_get: () => 0,
      };
      return { a: Object.fromEntries(Object.entries(imports.a).map(([key, call]) => [key, own[call.name] ?? call])) };
    };
    const adopt = (module: JqModule): void => {
      this.#running = module;
    };
    start({
      instantiateWasm(imports, receive) {
        adopt(this);
        receive(new wasm.Instance(code, replace(imports)));
        return {};
      },
    }).catch(() => {});
  }

  get #module(): JqModule {
    if (!this.#running) throw new Error('jq-wasm did not start as expected');
    return this.#running;
  }

  /** Bytes. */
  get memory(): number {
    return this.#module.HEAPU8.length;
  }

  /** Throws when there is too much output, no memory, or the time is up. */
  run(filter: string, input: Buffer): Output {
    this.#input = input;
    this.#read = 0;
    this.#out = [];
    this.#err = [];
    this.#written = 0;
    const status = this.#module.callMain(['-c', '-M', '--', filter, '/dev/stdin']);
    return { status, out: Buffer.concat(this.#out).toString(), err: Buffer.concat(this.#err).toString() };
  }

  #view(): DataView {
    return new DataView(this.#module.HEAPU8.buffer);
  }

  #store(...pairs: readonly [address: number, value: number][]): 0 {
    const view = this.#view();
    for (const [address, value] of pairs) view.setUint32(address, value, true);
    return 0;
  }

  #pieces(vectors: number, count: number): Uint8Array[] {
    const view = this.#view();
    return Array.from({ length: count }, (_, index) => {
      const at = vectors + index * 8;
      const from = view.getUint32(at, true);
      return this.#module.HEAPU8.subarray(from, from + view.getUint32(at + 4, true));
    });
  }

  #fill(vectors: number, count: number, done: number): 0 {
    const before = this.#read;
    for (const piece of this.#pieces(vectors, count)) {
      const part = this.#input.subarray(this.#read, this.#read + piece.length);
      piece.set(part);
      this.#read += part.length;
    }
    return this.#store([done, this.#read - before]);
  }

  #write(fd: number, vectors: number, count: number, done: number): 0 {
    const pieces = this.#pieces(vectors, count).map((piece) => piece.slice());
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#written += length;
    if (this.#written > this.#maxOutput) throw new RangeError('too much output');
    (fd === 2 ? this.#err : this.#out).push(...pieces);
    return this.#store([done, length]);
  }
}
