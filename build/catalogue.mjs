/**
 * Turns the bundled data of `@pydantic/genai-prices` into plugins/pricing/catalogue.generated.json: decimal strings
 * instead of floats, exact names in a map, and of the rest only what a token price needs.
 */
import { readFile } from 'node:fs/promises';
import { waitForUpdate } from '@pydantic/genai-prices';

const target = 'plugins/pricing/catalogue.generated.json';

/** Price keys we can use, USD per million tokens (`_mtok`) or per thousand pieces (`_kcount`), and our names for them. */
const rateNames = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cache_read',
  cache_write_mtok: 'cache_write',
  cache_write_1h_mtok: 'cache_write_1h',
  output_reasoning_mtok: 'reasoning',
  input_audio_mtok: 'input_audio',
  output_audio_mtok: 'output_audio',
  input_image_mtok: 'input_image',
  output_image_mtok: 'output_image',
  input_video_mtok: 'input_video',
  web_searches_kcount: 'web_search_per_1000',
  requests_kcount: 'request_per_1000',
};

/** A double as the shortest decimal that reads back as the same double, without an exponent: 1e-7 is "0.0000001". */
const decimal = (number) => {
  const [digits, exponent] = String(number).split('e');
  if (exponent === undefined) return digits;
  const [whole, fraction = ''] = digits.split('.');
  const shift = Number(exponent);
  if (shift >= 0) return whole + fraction.padEnd(shift, '0');
  return `0.${'0'.repeat(-shift - 1)}${whole}${fraction}`;
};

/** Sound is priced by the hour and counted in seconds: as many digits as the program's own prices have. */
const perSecond = (dollarsPerHour) => {
  const [whole, fraction = ''] = decimal(dollarsPerHour).split('.');
  const digits = 30;
  const each = (BigInt(whole + fraction) * 10n ** BigInt(digits - fraction.length)) / 3600n;
  const text = each.toString().padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits).replace(/0+$/, '')}`;
};

const perPiece = (dollarsPerThousand) => decimal(Number((dollarsPerThousand / 1000).toPrecision(12)));

/** Prices of pieces: under which of its keys the source has them, and what is one of them in ours. */
const pieces = [
  { name: 'audio_second', keys: ['input_audio_hours', 'audio_hours'], each: perSecond },
  { name: 'page', keys: ['input_document_kpages'], each: perPiece },
];

/**
 * Above how many input tokens a tier begins. The source has 271,999 for GPT-5.x, but OpenAI says "prompts with >272K
 * input tokens" (https://developers.openai.com/api/docs/models/gpt-5.4, seen 2026-11-21). xAI's begin at the threshold:
 * the source has that in xAI's own list, but not where others sell its models.
 */
const above = (start, model) =>
  start === 271_999 ? 272_000 : model.includes('grok') && start % 1000 === 0 ? start - 1 : start;

/** A plain price, or `[base, above, price, above, price…]`: the whole request at the price of its input size. */
const rate = (price, model) =>
  typeof price === 'number'
    ? decimal(price)
    : [
        decimal(price.base),
        ...price.tiers.flatMap(({ start, price: dearer }) => [above(start, model), decimal(dearer)]),
      ];

const twice = (price) =>
  typeof price === 'number'
    ? 2 * price
    : { base: 2 * price.base, tiers: price.tiers.map((tier) => ({ ...tier, price: 2 * tier.price })) };

/**
 * "1-hour cache write tokens are 2 times the base input tokens price", wherever Claude is sold: the source has it in
 * Anthropic's own list (https://platform.claude.com/docs/en/build-with-claude/prompt-caching; LiteLLM 1.109.1 has it for
 * Bedrock and Vertex AI, too; seen 2026-11-21).
 */
const resellers = new Set(['aws', 'google', 'openrouter']);
const hourOfCache = (prices, model, provider) =>
  resellers.has(provider) && model.includes('claude') && prices.cache_write_mtok !== undefined
    ? { cache_write_1h: rate(twice(prices.input_mtok), model) }
    : {};

/** No price at all is how the source writes "free"; a price for something else than tokens leaves nothing to price. */
const ratesOf = (prices, model, provider) =>
  Object.keys(prices).length === 0
    ? { input: '0', output: '0' }
    : Object.fromEntries([
        ...Object.entries(hourOfCache(prices, model, provider)),
        ...Object.entries(rateNames)
          .filter(([key]) => prices[key] !== undefined)
          .map(([key, name]) => [name, rate(prices[key], model)]),
        ...pieces.flatMap(({ name, keys, each }) => {
          const key = keys.find((one) => prices[one] !== undefined);
          return key ? [[name, each(prices[key])]] : [];
        }),
      ]);

const secondOfDay = (time) => {
  const [hours, minutes, seconds] = time.replace(/Z$/, '').split(':').map(Number);
  if (!time.endsWith('Z') || Number.isNaN(seconds)) throw new Error(`not a time in UTC: ${time}`);
  return hours * 3600 + minutes * 60 + seconds;
};

const conditionOf = (constraint) => {
  if (constraint === undefined) return {};
  if (constraint.type === 'start_date') return { from: constraint.start_date };
  if (constraint.type === 'time_of_date')
    return { daily: [secondOfDay(constraint.start_time), secondOfDay(constraint.end_time)] };
  throw new Error(`unknown price constraint: ${JSON.stringify(constraint)}`);
};

/** The last one whose condition holds counts; the first one where none does. */
const periodsOf = (prices, model, provider) =>
  (Array.isArray(prices) ? prices : [{ prices }]).map(({ constraint, prices: of }) => ({
    ...conditionOf(constraint),
    rates: ratesOf(of, model, provider),
  }));

const matches = (rule, name) => {
  const [[kind, operand]] = Object.entries(rule);
  switch (kind) {
    case 'or':
      return operand.some((part) => matches(part, name));
    case 'and':
      return operand.every((part) => matches(part, name));
    case 'equals':
      return name === operand.toLowerCase();
    case 'starts_with':
      return name.startsWith(operand.toLowerCase());
    case 'ends_with':
      return name.endsWith(operand.toLowerCase());
    case 'contains':
      return name.includes(operand.toLowerCase());
    case 'regex':
      return new RegExp(operand).test(name);
    default:
      throw new Error(`unknown match rule: ${kind}`);
  }
};

/** The names that a rule lists outright. */
const namesIn = (rule) => (rule.equals ? [rule.equals.toLowerCase()] : (rule.or ?? []).flatMap(namesIn));

/** Names are compared in lower case; a regular expression is written for that already. */
const lowered = (rule) => {
  const [[kind, operand]] = Object.entries(rule);
  if (kind === 'regex') return rule;
  return { [kind]: Array.isArray(operand) ? operand.map(lowered) : operand.toLowerCase() };
};

/** What is left of a rule when its outright names are in the map; null when nothing is. */
const remainder = (rule) => {
  if (rule.equals) return null;
  if (!rule.or) return lowered(rule);
  const parts = rule.or.map(remainder).filter((part) => part !== null);
  return parts.length > 1 ? { or: parts } : (parts[0] ?? null);
};

const providerOf = ({ id: provider, models, fallback_model_providers: fallback = [] }) => {
  const names = [...new Set(models.flatMap(({ match }) => namesIn(match)))].sort();
  return {
    fallback,
    models: models.map(({ id, match, prices }) => ({
      id,
      rule: remainder(match),
      periods: periodsOf(prices, id, provider),
    })),
    // An earlier model's pattern may catch a later model's name: the map holds who wins.
    names: names.map((name) => [name, models.findIndex(({ match }) => matches(match, name))]),
  };
};

const json = JSON.stringify;

/** One model a line, so that a new catalogue version is a readable diff. */
const providerText = ({ fallback, models, names }) => {
  const modelLines = models.map(({ id, rule, periods }) => json(rule ? { id, rule, periods } : { id, periods }));
  return `{
"fallback": ${json(fallback)},
"models": [
${modelLines.join(',\n')}
],
"names": {
${names.map(([name, index]) => `${json(name)}:${index}`).join(',\n')}
}}`;
};

export const generate = async () => {
  const { version, license, homepage } = JSON.parse(
    await readFile(new URL('../node_modules/@pydantic/genai-prices/package.json', import.meta.url), 'utf8'),
  );
  const providers = [...(await waitForUpdate())].sort((one, other) => (one.id < other.id ? -1 : 1));
  const texts = providers.map((provider) => `${json(provider.id)}: ${providerText(providerOf(provider))}`);
  const head = { package: '@pydantic/genai-prices', version, licence: license, homepage };
  return new Map([[target, `{\n"source": ${json(head)},\n"providers": {\n${texts.join(',\n')}\n}}\n`]]);
};
