/** The tokenizer thread: its tables take time to load and 100 MB, its work can take long; neither may hold up a request. */
import { parentPort } from 'node:worker_threads';
import type { Encoding } from '../../contract.ts';

export interface Question {
  readonly id: number;
  readonly encoding: Encoding;
  readonly texts: readonly string[];
}

export interface Answer {
  readonly id: number;
  /** Tokens of all texts together. */
  readonly tokens: number;
}

type Count = (text: string, options: { disallowedSpecial: Set<string> }) => number;

/** Each is loaded when it is first asked for. */
const counters: Record<Encoding, () => Promise<{ countTokens: Count; setMergeCacheSize: (entries: number) => void }>> =
  {
    o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
    cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
  };

/**
 * Characters counted at once. Within one word (a long run of letters, of spaces, of Chinese) the time grows with the
 * square of the length; cut into such pieces, with its length. A cut costs one token in some three hundred at most.
 */
const piece = 1024;

/** Text that looks like a control token is text like any other. */
const options = { disallowedSpecial: new Set<string>() };

const tokensOf = (text: string, count: Count): number => {
  let tokens = 0;
  for (let at = 0; at < text.length; ) {
    const end = cut(text, at + piece);
    tokens += count(text.slice(at, end), options);
    at = end;
  }
  return tokens;
};

/** Before a space where there is one near, as words begin with theirs; never between the halves of a character. */
const cut = (text: string, end: number): number => {
  if (end >= text.length) return text.length;
  const space = text.lastIndexOf(' ', end);
  if (space > end - piece / 4) return space;
  const code = text.charCodeAt(end);
  return code >= 0xdc00 && code <= 0xdfff ? end - 1 : end;
};

const port = parentPort;
if (!port) throw new Error('tokenizer-worker.ts runs as a worker thread of tokenizer.ts');

port.on('message', async ({ id, encoding, texts }: Question) => {
  const { countTokens, setMergeCacheSize } = await counters[encoding]();
  // Words of a conversation are not to be kept for the next.
  setMergeCacheSize(0);
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text, countTokens), 0);
  port.postMessage({ id, tokens } satisfies Answer);
});
