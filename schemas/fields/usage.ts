/** What a call used and what that cost. */
import type { Row } from './row.ts';

// biome-ignore format: a table, one row per field
export const usage: Row[] = [
  ['usage', 'object', null, 'Usage', 'Normalised token figures; null where the provider said nothing, never 0 and never -1.', null],
  ['usage.prompt_tokens', 'count?', 'tokens', 'Input tokens', 'All input tokens, cache reads and writes included.', 1200],
  ['usage.generation_tokens', 'count?', 'tokens', 'Output tokens', 'All output tokens, reasoning included. 0 for embeddings and rerank.', 340],
  ['usage.total_tokens', 'count?', 'tokens', 'Total tokens', 'Computed: input and output.', 1540],
  ['usage.cache_read_tokens', 'count?', 'tokens', 'Cached tokens', 'Part of the input that was read from the provider\'s prompt cache.', 1024],
  ['usage.cache_write_tokens', 'count?', 'tokens', 'Cache write tokens', 'Part of the input that was written to the provider\'s prompt cache.', 0],
  ['usage.cache_write_5m_tokens', 'count?', 'tokens', 'Cache write tokens, 5 min', 'Part of the cache writes with a lifetime of five minutes.', 0],
  ['usage.cache_write_1h_tokens', 'count?', 'tokens', 'Cache write tokens, 1 h', 'Part of the cache writes with a lifetime of one hour.', 0],
  ['usage.reasoning_tokens', 'count?', 'tokens', 'Reasoning tokens', 'Part of the output that the model spent on thinking.', 128],
  ['usage.input_audio_tokens', 'count?', 'tokens', 'Input audio tokens', 'Part of the input that is audio.', 0],
  ['usage.output_audio_tokens', 'count?', 'tokens', 'Output audio tokens', 'Part of the output that is audio.', 0],
  ['usage.input_image_tokens', 'count?', 'tokens', 'Input image tokens', 'Part of the input that is images.', null],
  ['usage.output_image_tokens', 'count?', 'tokens', 'Output image tokens', 'Part of the output that is images.', null],
  ['usage.input_video_tokens', 'count?', 'tokens', 'Input video tokens', 'Part of the input that is film.', null],
  ['usage.web_search_requests', 'count?', 'requests', 'Web searches', 'Searches that the provider ran and bills by the piece.', null],
  ['usage.audio_seconds', 'amount?', 'seconds', 'Audio seconds', 'Length of the sound sent or made, where the provider counts it so.', null],
  ['usage.input_characters', 'count?', 'characters', 'Input characters', 'Characters of the text that speech was made of.', null],
  ['usage.images', 'count?', 'items', 'Images', 'Pictures made.', null],
  ['usage.video_seconds', 'amount?', 'seconds', 'Video seconds', 'Length of the film made.', null],
  ['usage.pages', 'count?', 'items', 'Pages', 'Pages that OCR has read.', null],
  ['usage.search_units', 'count?', 'items', 'Search units', 'Rerank queries as Cohere bills them, of up to a hundred documents each.', null],
  ['usage.reported', 'json?', null, 'Reported usage', 'The provider\'s own usage object, unchanged.', { prompt_tokens: 1200, completion_tokens: 340, total_tokens: 1540 }],
  ['usage.source', 'one of: provider partial estimated none', null, 'Usage source', '`provider`: its own figures; `partial`: some are estimated; `estimated`: all are; `none`: not known.', 'provider'],
  ['usage.estimator', 'keyword?', null, 'Estimator', 'What the missing figures were estimated by: a tokenizer (`o200k_base`, `cl100k_base`), characters per token (`chars/4`), or what the request asks for (`request`); null when nothing is estimated.', null],
  ['usage.check', 'one of: ok mismatch invalid?', null, 'Usage check', 'Whether the figures agree with each other: `ok`, `mismatch` (parts and totals differ), `invalid` (negative, not a number, too large); null when there is nothing to compare.', 'ok'],
];

// biome-ignore format: a table, one row per field
export const costs: Row[] = [
  ['cost_status', 'one of: priced unpriced unmetered not_billed', null, 'Cost status', '`priced`: a price is known (the total may be 0); `unpriced`: no price known, `costs` is null; `unmetered`: usage not known, `costs` is null; `not_billed`: refused, or failed without usage, the total is 0.', 'priced'],
  ['costs', 'object?', null, 'Costs', 'Null when not known, never 0 for it. Exact decimals of at most 12 places; the total is the sum of the parts.', null],
  ['costs.input_cost', 'amount?', 'USD', 'Input cost', 'Uncached input tokens.', 0.0000264],
  ['costs.output_cost', 'amount?', 'USD', 'Output cost', 'Output tokens without reasoning.', 0.0001272],
  ['costs.reasoning_cost', 'amount?', 'USD', 'Reasoning cost', 'Reasoning tokens.', 0.0000768],
  ['costs.cache_read_cost', 'amount?', 'USD', 'Cache read cost', 'Input tokens read from the prompt cache.', 0.0000768],
  ['costs.cache_write_cost', 'amount?', 'USD', 'Cache write cost', 'Input tokens written to the prompt cache.', 0],
  ['costs.other_cost', 'amount?', 'USD', 'Other cost', 'Audio, images and film; what is sold by the piece (seconds, characters, pages, search units); web searches; fees per request.', 0],
  ['costs.total_cost', 'amount', 'USD', 'Cost', 'The sum of the parts, or the provider\'s own figure (then the parts are null).', 0.0003072],
  ['costs.currency', 'one of: dollar', null, 'Currency', 'US dollars, in Otoroshi\'s word.', 'dollar'],
  ['costs.source', 'keyword', null, 'Price source', '`genai-prices`, `built-in` (our own list), `litellm-file`, `config`, `provider` when the provider stated the cost, `otoroshi` when Otoroshi did, `not_billed` when there was none.', 'genai-prices'],
  ['costs.catalogue_version', 'keyword?', null, 'Price catalogue version', 'Version of the catalogue, the day of our own list, or a hash of the price file; null when the price is not from one.', '0.1.8'],
];
