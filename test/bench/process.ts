/** The processes of a benchmark, and how they are asked: each answers calls by name over its IPC channel. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What a process answers, by name. Arguments and results cross as JSON. */
export type Services = Record<string, (...args: never[]) => unknown>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly args: readonly never[];
}

type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });

export interface Peer<S extends Services> {
  /** Rejects with the other side's error, and when it ends before it has answered. */
  call<N extends keyof S & string>(name: N, ...args: Parameters<S[N]>): Promise<Awaited<ReturnType<S[N]>>>;
  stop(): Promise<void>;
}

/** Whether processes can be held on one core each: not without Linux' `taskset` and two cores. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** @param core that the process and all its threads stay on, where that can be done. */
export const startPeer = async <S extends Services>(file: URL, core: number): Promise<Peer<S>> => {
  // The memory benchmark collects garbage before it looks.
  const node = [process.execPath, '--expose-gc', fileURLToPath(file)];
  const [command = '', ...args] = canPin ? ['taskset', '--cpu-list', String(core), ...node] : node;
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  child.on('message', (reply: Reply) => {
    const question = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) question?.reject(new Error(reply.error));
    else question?.resolve(reply.result);
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file.pathname} ended (${signal ?? code})`));
    waiting.clear();
  });
  await once(child, 'spawn');
  return {
    call: (name, ...args) => {
      const question = Promise.withResolvers<unknown>();
      if (child.connected) {
        waiting.set(++asked, question);
        child.send({ id: asked, name, args });
      } else question.reject(new Error(`${file.pathname} has ended`));
      return question.promise as ReturnType<Peer<S>['call']>;
    },
    stop: () => stop(child),
  };
};

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(timer);
};

/** In a process that `startPeer` started: answers until the one who asks is gone, which ends the process. */
export const serve = (services: Services): void => {
  process.on('message', async ({ id, name, args }: Question) => {
    const reply = await Promise.try(() => {
      const service = services[name];
      if (!service) throw new Error(`nothing is called "${name}" here`);
      return service(...args);
    }).then(
      (result): Reply => ({ id, result }),
      (error: unknown): Reply => ({
        id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    );
    if (process.connected) process.send?.(reply);
  });
  process.once('disconnect', () => process.exit());
  // Ctrl-C reaches the whole group; the one who asks ends the others in order.
  process.on('SIGINT', () => {});
};
