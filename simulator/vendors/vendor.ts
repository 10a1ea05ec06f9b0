/** What all APIs of one vendor share: headers and the shape of errors. */
import type { Random } from '../random.ts';

export interface Failure {
  readonly status: number;
  /** Default: the vendor's usual words for that status. */
  readonly message?: string;
  /** The body's key at fault, where the vendor names it. */
  readonly param?: string | null;
  readonly code?: string;
}

export interface Vendor {
  /** Headers of every answer, names and values in turn. `usedTokens` lowers what is left of the rate limit. */
  headers(requestId: string, usedTokens: number): string[];
  /** Headers of a failure on top of those. */
  failureHeaders(failure: Failure): string[];
  /** The JSON body of a failure. */
  failure(failure: Failure, requestId: string): string;
  requestId(random: Random): string;
}
