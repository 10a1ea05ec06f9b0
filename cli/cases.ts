/** Questions as NDJSON, `{id, …}` in and `{id, …}` out: shared by the commands that compute something from figures. */
import { UsageError } from './command.ts';
import { answerLines, LineError } from './ndjson.ts';

export type Case = Readonly<Record<string, unknown>>;

/** A text field that a case must have. */
export const textOf = (question: Case, key: string): string => {
  const value = question[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new LineError(`${key}: ${value === undefined ? 'missing' : 'not a text'}`);
};

const isCase = (value: unknown): value is Case => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Answers every line of a file (`-`: standard input); resolves to the exit code. */
export const answerCases = (file: string, answer: (question: Case) => object): Promise<number> =>
  answerLines(file, (value) => {
    if (!isCase(value)) throw new LineError('not a JSON object');
    return { id: value['id'] ?? null, ...answer(value) };
  });

/** Answers one question given by flags, where what a line would get told is about the flags. */
export const answerFlags = <Answer>(question: Case, answer: (question: Case) => Answer): Answer => {
  try {
    return answer(question);
  } catch (error) {
    if (error instanceof LineError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
};
