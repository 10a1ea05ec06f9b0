/** What the answers of a webhook mean: what HTTP says they mean, in the words of Standard Webhooks 1.0. */
import { httpMeanings, type Meanings } from '../net/outcome.ts';

export const meanings: Meanings = httpMeanings;
