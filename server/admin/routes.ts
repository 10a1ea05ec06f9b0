/** The paths of the administration, and who may ask for them. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from '../budgets/change-event.ts';
import type { AdminKey } from '../config/types.ts';
import { type Answer, refused } from './answer.ts';

export interface Asked {
  /** Of `{name}` in the path. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly actor: Actor;
}

interface Place {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With `{id}` for one step of any text. */
  readonly path: string;
  /** Who may, beside those with the role `admin`. */
  readonly role: AdminKey['role'];
  /** Answered over HTTP without a key. */
  readonly open?: boolean;
}

export interface Route extends Place {
  run(asked: Asked): Promise<Answer>;
}

export interface Streamed {
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Buffer>;
}

/** Reads its body itself, and bounds it. */
export interface StreamRoute extends Place {
  take(streamed: Streamed): Promise<Answer>;
}

export type AnyRoute = Route | StreamRoute;

export interface Found<One extends AnyRoute> {
  readonly route: One;
  readonly id: string;
  readonly query: URLSearchParams;
}

/** The route, or why there is none. */
export const findRoute = <One extends AnyRoute>(
  routes: readonly One[],
  method: string,
  target: string,
): Found<One> | Answer => {
  const steps = stepsOf(target);
  if (steps === null) return refused(400, 'bad_path', 'The path cannot be read.', 'Encode ids as in URLs: %20.');
  const here = routes.filter(({ path }) => fits(path, steps));
  const route = here.find((one) => one.method === method);
  if (route) {
    const query = new URLSearchParams(target.split('?').slice(1).join('?'));
    return { route, id: steps[route.path.split('/').indexOf('{id}')] ?? '', query };
  }
  const known = [...new Set(routes.map(({ path }) => path))].join(', ');
  if (here.length === 0) return refused(404, 'no_such_path', 'There is nothing here.', `There are: ${known}`);
  const allow = here.map((one) => one.method).join(', ');
  return { ...refused(405, 'no_such_method', `${method} is not for this path.`, `There are: ${allow}`), allow };
};

const stepsOf = (target: string): string[] | null => {
  try {
    const [path = ''] = target.split('?', 1);
    return path.split('/').map(decodeURIComponent);
  } catch {
    return null;
  }
};

const fits = (path: string, steps: readonly string[]): boolean => {
  const wanted = path.split('/');
  return (
    wanted.length === steps.length &&
    wanted.every((step, index) => (step === '{id}' ? steps[index] !== '' : step === steps[index]))
  );
};
