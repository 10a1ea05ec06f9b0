/**
 * Anthropic Message Batches: nothing is spent that the answer to the order could tell; the results are a JSONL file, one
 * answer of the Messages API a line. Answers of their own add up here, and nowhere else.
 */
import { noUsage, type Pass, type Usage } from '../usage.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { type Dialect, newReading, plainAsk, type Reading } from './dialect.ts';
import { errorOf, object, objects, string } from './read.ts';

export const anthropicBatches: Dialect = {
  name: 'anthropic-batches',
  consumedUsing: 'batch',
  operation: 'chat',
  makes: 'nothing',
  handles: (path) => path.endsWith('/messages/batches'),
  fetches: (path) => /\/messages\/batches\/[^/]+\/results$/.test(path),
  framing: 'ndjson',

  ask: (body) => {
    const models = new Set(objects(body.requests).map((request) => string(object(request.params)?.model)));
    const [model = null] = models;
    return plainAsk(models.size === 1 ? model : null, { deferred: true });
  },

  whole: (reading, answer) => {
    // A file of one result is a whole body, too.
    if (object(answer.result)) return anthropicBatches.event(reading, null, answer);
    reading.error = errorOf(answer.error) ?? reading.error;
    reading.responseId ??= string(answer.id);
    reading.pending = answer.type === 'message_batch';
  },

  event: (reading, _name, line) => {
    const result = object(line.result);
    if (!result) {
      reading.error = errorOf(line.error) ?? reading.error;
      return;
    }
    reading.deferred = true;
    const message = object(result.message);
    if (!message) return;
    const one = newReading(false);
    anthropicMessages.whole(one, message);
    add(reading, one);
  },

  refusal: anthropicMessages.refusal,
};

/** No price has a long-context tier that begins lower: answers that add up to less cost together what each costs. */
const lowestTier = 100_000;

const add = (reading: Reading, one: Reading): void => {
  reading.invalid ||= one.invalid;
  reading.outputChars += one.outputChars;
  for (const reason of one.finish) if (!reading.finish.includes(reason)) reading.finish.push(reason);
  for (const name of one.toolCalls) if (!reading.toolCalls.includes(name)) reading.toolCalls.push(name);
  if (!one.usage) return;
  const passes = reading.usage?.passes ?? [];
  for (const pass of one.usage.passes ?? [{ model: null, usage: one.usage }])
    addPass(passes, { model: pass.model ?? one.model, usage: pass.usage });
  const [first, ...others] = new Set(passes.map(({ model }) => model));
  reading.model = others.length === 0 ? (first ?? null) : null;
  reading.usage = { ...sumOf(reading.usage ?? noUsage, one.usage), passes };
};

const addPass = (passes: Pass[], pass: Pass): void => {
  const open = passes.findLast(({ model }) => model === pass.model);
  if (open && (open.usage.input ?? 0) + (pass.usage.input ?? 0) <= lowestTier)
    open.usage = sumOf(open.usage, pass.usage);
  else passes.push(pass);
};

const figures = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'cacheWrite5m',
  'cacheWrite1h',
  'reasoning',
  'webSearches',
] as const;

const sumOf = (a: Usage, b: Usage): Usage => {
  const all = { ...a, serviceTier: a.serviceTier ?? b.serviceTier };
  for (const figure of figures) {
    const value = b[figure];
    if (value !== null) all[figure] = (all[figure] ?? 0) + value;
  }
  return all;
};
