/** What is wrong with a configuration, where, and what is accepted. Never holds a value: values may be secret. */

export type Path = readonly (string | number)[];

export interface Problem {
  /** Null for a configuration that is not from a file. */
  readonly file: string | null;
  /** From 1. */
  readonly line: number | null;
  /** From 1. */
  readonly column: number | null;
  /** E.g. `providers.openai.base_url`; empty for the whole. */
  readonly key: string;
  readonly message: string;
}

export const keyOf = (path: Path): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${step}`)).join('');

/** `file:line:column key: message`, as editors and compilers print it. */
export const describeProblem = ({ file, line, column, key, message }: Problem): string => {
  const place = [file, line, column].filter((part) => part !== null).join(':');
  return [place, key === '' ? message : `${key}: ${message}`].filter((part) => part !== '').join(' ');
};

/** `exporters[0].config.url` as steps. */
export const pathOf = (place: string): Path =>
  [...place.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([step, index]) => (index === undefined ? step : Number(index)));
