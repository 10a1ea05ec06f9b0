/** `$jq`: jq filters on events, bounded in time, memory and output. Loaded only when a projection has one. */
import { createContext, Script } from 'node:vm';
import { compileJq, JqInstance, type Output } from './instance.ts';

export interface Jq {
  /** The first value that the filter gives; what jq calls an error is a value too, as in Otoroshi. Total. */
  run(filter: string, source: unknown): { readonly value: unknown } | { readonly failed: string };
}

/** Milliseconds for one event. */
const maxTime = 1_000;
/** Bytes that a filter may give for one event. */
const maxOutput = 16 * 1024 ** 2;
/** Bytes of a filter: it lies on jq's stack, which has 64 KiB. */
const maxFilter = 8 * 1024;
/** Bytes of memory after which a machine is replaced. */
const maxMemory = 64 * 1024 ** 2;
/** What a call leaves on the stack for good, beside its filter: jq's main ends by an exception. Measured: 208 bytes. */
const stackOfCall = 512;
/** Bytes of the stack after which a machine is replaced, in milliseconds. */
const maxStack = 24 * 1024;

/** Nothing but the machine's own code ends a call that loops: V8 does, when it runs inside a script with a time limit. */
const limited = new Script('call()');

/** jq's own place in its input, which is always the same. */
const errorPlace = /^jq: error \(at [^)]*\)(?: \(not a string\))?: /;

const errorOf = (err: string): object => ({
  error: 'error while transforming source',
  details: err
    .replace('unexpected end of file', 'unexpected $end') // in the words of the jq that Otoroshi brings
    .trimEnd()
    .split(/\n+(?=jq: )/)
    .map((line) => line.replace(errorPlace, '').trimEnd()),
});

const answerOf = ({ status, out, err }: Output): ReturnType<Jq['run']> => {
  if (status !== 0) return { value: errorOf(err) };
  const end = out.indexOf('\n');
  const first = end < 0 ? out : out.slice(0, end);
  return first === '' ? { failed: 'jq gives nothing' } : { value: JSON.parse(first) };
};

const codeOf = (thrown: unknown): unknown =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;

const load = async (): Promise<Jq> => {
  const code = await compileJq();
  const context = createContext({ call: (): void => {} });
  let instance: JqInstance | null = null;
  let stack = 0;

  const machineFor = (filterLength: number): JqInstance => {
    if (!instance || stack > maxStack || instance.memory > maxMemory) {
      instance = new JqInstance(code, maxOutput);
      stack = 0;
    }
    stack += stackOfCall + filterLength;
    return instance;
  };

  return {
    run: (filter, source) => {
      const filterLength = Buffer.byteLength(filter);
      if (filterLength > maxFilter) return { failed: `the jq filter is longer than ${maxFilter} bytes` };
      try {
        const machine = machineFor(filterLength);
        const input = Buffer.from(JSON.stringify(source));
        let output: Output | null = null;
        context['call'] = () => {
          output = machine.run(filter, input);
        };
        limited.runInContext(context, { timeout: maxTime });
        return output ? answerOf(output) : { failed: 'jq did not answer' };
      } catch (thrown) {
        instance = null;
        if (codeOf(thrown) === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { failed: `jq took longer than ${maxTime} ms` };
        return { failed: 'jq broke off: too much output, or no memory' };
      }
    },
  };
};

let loaded: Promise<Jq> | null = null;

/** One for all projections of this thread. */
export const loadJq = (): Promise<Jq> => {
  loaded ??= load();
  return loaded;
};
