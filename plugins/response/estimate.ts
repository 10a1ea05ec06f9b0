/** Figures for a call whose provider gave none: by its tokenizer or by a stated rule, and always marked in the event. */
import type { Call, Platform } from '../contract.ts';
import { noUsage, type Usage } from '../usage.ts';
import type { Ended } from './attempt.ts';
import { contentText, requestText, type Spoken, type Tokens } from './spoken.ts';
import { encodingOf, ruleOf } from './tokenizers.ts';

export interface Estimated {
  usage: Usage | null;
  source: 'provider' | 'partial' | 'estimated' | 'none';
  /** What the missing figures were estimated by: the tokenizer's name, or the rule's; null when none is missing. */
  estimator: string | null;
}

/** What there is to be counted. */
interface Conversation {
  readonly model: string | null;
  readonly messages: number;
  readonly request: Spoken;
  readonly answer: Spoken;
}

const conversationOf = (call: Call, { reading, dialect, answerText }: Ended): Conversation => {
  // What is embedded or ranked is sent as it is, without a frame of messages around it.
  const contents = dialect.makes === 'vectors' ? (call.ask?.prompt ?? null) : null;
  return {
    model: reading.model ?? call.ask?.model ?? null,
    messages: contents === null ? (call.ask?.messages.count ?? 0) : 0,
    request: contents === null ? requestText(call.json) : contentText(contents),
    answer: answerText?.read(dialect, reading.outputChars) ?? { texts: [], times: 1 },
  };
};

/** By rule: at once, from the characters. */
export const byRule = (call: Call, ended: Ended): Tokens => {
  const { model, request, answer } = conversationOf(call, ended);
  const rule = ruleOf(model);
  const sum = ({ texts, times }: Spoken) =>
    Math.ceil(times * texts.reduce((tokens, text) => tokens + rule.tokensOf(text), 0));
  return { estimator: rule.name, input: sum(request), output: sum(answer) };
};

/** A chat message has three tokens beside its role and text, and the answer is primed with three ("How to count tokens
 * with tiktoken", OpenAI Cookbook). */
const frame = 3;

/** By the model's tokenizer; null when it has none, or none that answers. */
export const byTokenizer = async (
  call: Call,
  ended: Ended,
  estimateTokens: Platform['estimateTokens'],
): Promise<Tokens | null> => {
  const { model, messages, request, answer } = conversationOf(call, ended);
  const encoding = encodingOf(model);
  if (encoding === null) return null;
  const [input, output] = await Promise.all([
    estimateTokens(encoding, request.texts),
    estimateTokens(encoding, answer.texts),
  ]);
  if (input === null || output === null) return null;
  return {
    estimator: encoding,
    input: Math.ceil(input * request.times) + (messages === 0 ? 0 : frame * (messages + 1)),
    output: Math.ceil(output * answer.times),
  };
};

/**
 * Fills in what is missing of a text answer.
 * @param complete the answer came to its end, so that figures the provider gave are its last.
 */
export const withEstimate = (usage: Usage | null, counted: () => Tokens, complete: boolean): Estimated => {
  if (complete && usage !== null && usage.input !== null && usage.output !== null)
    return { usage, source: 'provider', estimator: null };
  const tokens = counted();
  const given = usage ?? noUsage;
  // A count that opened an unfinished stream is a snapshot: what was seen since may be more.
  const output = complete && given.output !== null ? given.output : Math.max(given.output ?? 0, tokens.output);
  const input = given.input ?? tokens.input;
  // A total that goes with other figures says nothing of these.
  const totalReported = input === given.input && output === given.output ? given.totalReported : null;
  return {
    usage: { ...given, input, output, totalReported },
    source: usage === null ? 'estimated' : 'partial',
    estimator: tokens.estimator,
  };
};

/** For an answer of vectors or scores: what was sent, and no output. */
export const inputEstimate = ({ input, estimator }: Tokens): Estimated => ({
  usage: { ...noUsage, input, output: 0 },
  source: 'estimated',
  estimator,
});
