/** The text of a request and of an answer, as much of it as is worth counting: only looked for when figures are missing. */
import { type Dialect, newReading, type Reading } from '../dialects/dialect.ts';
import { object } from '../dialects/read.ts';
import type { Json, JsonObject } from '../wire.ts';

/** A part of a text that stands for the whole. */
export interface Spoken {
  readonly texts: readonly string[];
  /** Length of the whole over that of `texts`; 1 when nothing was left out. */
  readonly times: number;
}

/** Tokens of a request and of its answer, counted because the provider did not say. */
export interface Tokens {
  readonly estimator: string;
  readonly input: number;
  readonly output: number;
}

/** Most characters that are counted; a longer text is taken to go on as it began. */
const mostCounted = 64 * 1024;

/** Longer than any word: a picture, a recording or a file in base64, which is not billed by its characters. */
const blob = 1024;

/** Settings: the model does not read them. */
const settings = new Set([
  'model',
  'user',
  'metadata',
  'service_tier',
  'reasoning',
  'reasoning_effort',
  'safety_identifier',
  'prompt_cache_key',
]);

/** Of these the names are read as well: they describe parameters of tools. */
const described = new Set(['tools', 'functions', 'toolConfig']);

/** Of contents these keys say what they are, not what is in them. */
const labels = new Set(['role', 'type']);

const none: ReadonlySet<string> = new Set();

/** All text that a request sends to the model: messages, instructions, tool descriptions. */
export const requestText = (body: JsonObject | null): Spoken => {
  const pile = new Pile();
  for (const key in body) if (!settings.has(key)) pile.add(body[key], none, described.has(key));
  return pile.spoken();
};

/** The text of contents as they are sent to be embedded or ranked, without anything around it. */
export const contentText = (contents: Json): Spoken => {
  const pile = new Pile();
  pile.add(contents, labels, false);
  return pile.spoken();
};

/** Collects text until it is enough, and measures the rest. */
class Pile {
  readonly #texts: string[] = [];
  #chars = 0;
  #counted = 0;

  /** Walks without recursion, as nesting is the client's to choose. @param without keys whose values are left out. */
  add(from: Json | undefined, without: ReadonlySet<string>, withNames: boolean): void {
    const open: (Json | undefined)[] = [from];
    while (open.length > 0) {
      const value = open.pop();
      if (typeof value === 'string') this.#text(value);
      else if (Array.isArray(value)) for (const item of value) open.push(item);
      else if (typeof value === 'object' && value !== null)
        for (const key in value) {
          if (withNames) this.#text(key);
          if (!without.has(key)) open.push(value[key]);
        }
    }
  }

  spoken(): Spoken {
    return { texts: this.#texts, times: this.#counted === 0 ? 1 : this.#chars / this.#counted };
  }

  #text(text: string): void {
    if (text.length > blob && !/\s/.test(text.slice(0, blob))) return;
    this.#chars += text.length;
    const part = text.slice(0, mostCounted - this.#counted);
    this.#counted += part.length;
    if (part !== '') this.#texts.push(part);
  }
}

/** Characters of frames that are kept. */
const mostKept = 64 * 1024;

/** Keeps what an answer began with, as it came: the text in it is taken out only when it must be counted. */
export class AnswerText {
  readonly #frames: { readonly name: string | null; readonly text: string }[] = [];
  #room = mostKept;
  #measured = 0;
  #whole: JsonObject | null = null;

  /** @param chars of generated text in it, as they were measured. */
  keep(name: string | null, text: string, chars: number): void {
    if (this.#room <= 0) return;
    this.#room -= text.length;
    this.#frames.push({ name, text });
    this.#measured += chars;
  }

  keepWhole(answer: JsonObject): void {
    this.#whole = answer;
  }

  /** @param measured characters of the whole answer, in the same measure. */
  read(dialect: Dialect, measured: number): Spoken {
    const reading = newReading(true);
    if (this.#whole) dialect.whole(reading, this.#whole);
    for (const { name, text } of this.#frames) {
      const event = object(parse(text));
      if (event) dialect.event(reading, name, event);
    }
    const text = generated(reading).slice(0, mostCounted);
    const kept = this.#whole ? reading.outputChars : this.#measured;
    return { texts: [text], times: ratio(measured, kept) * ratio(reading.outputChars, text.length) };
  }
}

/** A frame whose text was only measured was not parsed before. */
const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
};

const ratio = (whole: number, part: number): number => (part === 0 ? 1 : Math.max(1, whole / part));

/** Everything that was generated, in one text. */
const generated = ({ text }: Reading): string =>
  text === null
    ? ''
    : [...text.reasoning, ...text.content, ...text.calls.flatMap((call) => [call.name, ...call.arguments])].join('');
