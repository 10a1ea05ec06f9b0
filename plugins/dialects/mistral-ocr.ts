/** Mistral OCR: billed by the page, `usage_info.pages_processed`. */
import { noUsage } from '../usage.ts';
import { addText, type Dialect, inputs, plainAsk } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { count, object, objects, paramsOf, string } from './read.ts';

const params = ['image_limit', 'image_min_size', 'include_image_base64', 'table_format'] as const;

export const mistralOcr: Dialect = {
  name: 'mistral-ocr',
  consumedUsing: 'ocr_model/ocr',
  operation: 'generate_content',
  makes: 'media',
  handles: (path) => path.endsWith('/ocr'),

  ask: (body) =>
    plainAsk(string(body.model), {
      params: paramsOf(body, params),
      messages: inputs(1),
      prompt: body.document ?? null,
    }),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    reading.model = string(answer.model) ?? reading.model;
    for (const page of objects(answer.pages)) addText(reading, page.markdown);
    const usage = object(answer.usage_info);
    const pages = count(reading, usage?.pages_processed);
    if (!usage || pages === null) return;
    reading.usage = { ...noUsage, pages };
    reading.reported = usage;
  },

  // There are no streams: an event can only say what went wrong.
  event: (reading, _name, event) => readOpenaiError(reading, event),

  recognises: (answer) => object(answer.usage_info)?.pages_processed !== undefined,

  refusal: openaiRefusal,
};
