/** The body of an `http` request: Otoroshi's template, a text with expressions about the batch. */
import type { Outgoing } from '../pipeline/outgoing.ts';

type Expression = (batch: readonly Outgoing[], now: number) => string;

const bodies = (batch: readonly Outgoing[], between: string): string => batch.map(({ body }) => body).join(between);

const array: Expression = (batch) => `[${bodies(batch, ',')}]`;
const pretty: Expression = (batch, now) => {
  const text = array(batch, now);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // not JSON: for the destination to refuse
  }
};

/** By their names between `${` and `}`. */
const expressions: Readonly<Record<string, Expression>> = {
  events: array,
  'events.stringify': array,
  'events.prettify': pretty,
  // One event after the other with an empty line between, as Otoroshi does.
  'events.nd_stringify': (batch) => bodies(batch, '\n\n'),
  'events.nd_prettify': pretty, // in Otoroshi an array, too, whatever its name says
  'events.ndjson': (batch) => `${bodies(batch, '\n')}\n`, // ours: what NDJSON is elsewhere
  'events.length': (batch) => String(batch.length),
  now: (_, now) => String(now),
  now_epoch: (_, now) => String(Math.floor(now / 1000)),
  now_str: (_, now) => new Date(now).toISOString(),
};

export const expressionNames: readonly string[] = Object.keys(expressions);

const expression = /\$\{([^}]*)\}/g;

const namesIn = (template: string): string[] => [...template.matchAll(expression)].map(([, name = '']) => name);

/** What is wrong with a template; null: nothing. */
export const templateProblem = (template: string): string | null => {
  const unknown = namesIn(template).find((name) => !Object.hasOwn(expressions, name));
  return unknown === undefined
    ? null
    : `\${${unknown}} is no expression; accepted: ${expressionNames.join(', ')}, each in \${}`;
};

/** Whether what it makes has the events in it. */
export const holdsEvents = (template: string): boolean =>
  namesIn(template).some((name) => name.startsWith('events') && name !== 'events.length');

/** For a template without problems. What events say is put in once, and never read for expressions. */
export const fill = (template: string, batch: readonly Outgoing[], now: number): string =>
  template.replace(expression, (whole, name: string) => expressions[name]?.(batch, now) ?? whole);

/** The words of a template that may be secrets: a token among them may come back in an answer. */
export const wordsOf = (template: string): string[] =>
  template.replace(expression, ' ').match(/[\w\-+/=.~]{12,}/g) ?? [];
