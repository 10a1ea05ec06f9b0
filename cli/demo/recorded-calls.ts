/** Recorded exchanges as calls through the gateway: each under the provider whose host it was recorded from. */
import { createReadStream } from 'node:fs';
import { classify } from '../../plugins/dialects/classify.ts';
import { normalPath } from '../../plugins/paths.ts';
import { providerOf } from '../../server/meter.ts';
import { type RecordedExchange, readExchange } from '../exchange.ts';
import { linesOf, parsed } from '../ndjson.ts';
import type { DemoCall } from './call.ts';
import type { Expected } from './expected.ts';

export interface RecordedCall extends DemoCall {
  /** Id of the exchange. */
  readonly exchange: string;
  /** Null: nobody has said what the exchange means. */
  readonly expected: Expected | null;
  readonly alsoAccept: Expected;
}

/** Set by the client, or about a body or connection that are not ours. */
const own = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const foreign = (name: string): boolean => own.has(name) || name.startsWith('proxy-') || name.startsWith('x-llm-audit-') || name.endsWith('api-key');
