/** Decides what an answer says and what it costs, before any API gives it its shape. */
import type { Ask, Tool } from './ask.ts';
import { findModel, reasons } from './models.ts';
import type { Random } from './random.ts';
import type { Simulate } from './simulate-header.ts';
import { argumentsFor } from './tool-call.ts';
import { prose, sliced, tokensOf } from './words.ts';

/** Token counts by OpenAI's rule: `input` includes the cache, `output` the reasoning. */
export interface Counts {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

export interface Plan {
  readonly ask: Ask;
  /** The model that the answer names. */
  readonly model: string;
  /** What is left of this answer's chance: for ids. */
  readonly random: Random;
  /** The content chunks; chunk `i` belongs to choice `i % ask.choices`. With a tool they are its arguments. */
  readonly pieces: readonly string[];
  readonly tool: Tool | null;
  readonly counts: Counts;
  /** Raw usage that takes the place of `counts`; null: none is reported; undefined: `counts`. */
  readonly usage: Simulate['usage'];
  readonly stop: 'end' | 'length' | 'tool';
  /** How a stream ends after its last piece. */
  readonly ending: 'complete' | 'error' | 'cut';
}

const cacheOf = (ask: Ask, input: number, random: Random): { read: number; write: number } => {
  // Both providers leave prompts below 1,024 tokens alone.
  if (ask.cache === 'none' || input < 1024 || random.next() < 0.4) return { read: 0, write: 0 };
  // OpenAI counts cached tokens in steps of 128.
  if (ask.cache === 'automatic') return { read: 128 * random.integer(4, Math.floor(input / 128)), write: 0 };
  const marked = Math.floor(input * (0.6 + 0.35 * random.next()));
  return random.next() < 0.5 ? { read: marked, write: 0 } : { read: 0, write: marked };
};

interface Content {
  readonly pieces: string[];
  /** Tokens of one choice. */
  readonly tokens: number;
  readonly stop: Plan['stop'];
}

const repeated = (piece: string, times: number): string[] => Array<string>(times).fill(piece);

/** `room`: the tokens left for content. What `x-simulate` asks for is not cut to it. */
const contentOf = (ask: Ask, simulate: Simulate, room: number, random: Random): Content => {
  const { text, chunks } = simulate;
  if (text !== undefined) {
    const tokens = text === '' ? 0 : tokensOf(text);
    const single = sliced(text, chunks ?? tokens);
    return { pieces: single.flatMap((piece) => repeated(piece, ask.choices)), tokens, stop: 'end' };
  }
  if (chunks !== undefined) return { pieces: prose(random, chunks * ask.choices), tokens: chunks, stop: 'end' };
  if (ask.tool !== null) {
    const call = JSON.stringify(argumentsFor(ask.tool.schema));
    const tokens = tokensOf(call);
    if (tokens <= room) {
      const single = sliced(call, tokens);
      return { pieces: single.flatMap((piece) => repeated(piece, ask.choices)), tokens, stop: 'tool' };
    }
  }
  const wanted = random.integer(12, 96);
  const tokens = Math.min(wanted, room);
  return { pieces: prose(random, tokens * ask.choices), tokens, stop: tokens < wanted ? 'length' : 'end' };
};

export const plan = (ask: Ask, simulate: Simulate, random: Random): Plan => {
  const input = tokensOf(ask.prompt);
  const cache = cacheOf(ask, input, random);
  const limit = ask.maxTokens ?? Number.POSITIVE_INFINITY;
  const reasoning = reasons(ask.model) ? Math.min(64 * random.integer(0, 6), limit) : 0;
  const { pieces, tokens, stop } = contentOf(ask, simulate, limit - reasoning, random);
  const cut = simulate.cut_after_chunks ?? Number.POSITIVE_INFINITY;
  const error = simulate.error_after_chunks ?? Number.POSITIVE_INFINITY;
  const last = Math.min(cut, error);
  const broken = ask.stream && Number.isFinite(last);
  return {
    ask,
    model: simulate.model ?? findModel(ask.model)?.version ?? ask.model,
    random,
    pieces: broken ? pieces.slice(0, last) : pieces,
    tool: stop === 'tool' ? ask.tool : null,
    counts: {
      input,
      cacheRead: cache.read,
      cacheWrite: cache.write,
      output: (tokens + reasoning) * ask.choices,
      reasoning: reasoning * ask.choices,
    },
    usage: simulate.usage,
    stop,
    ending: !broken ? 'complete' : cut <= error ? 'cut' : 'error',
  };
};

/** The usage to report: the raw one of `x-simulate` where it gives one, else the counts as `rendered`; null: none. */
export const reported = <T extends object>({ usage, counts }: Plan, rendered: (counts: Counts) => T): object | null =>
  usage === undefined ? rendered(counts) : usage;
