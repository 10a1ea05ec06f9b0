/** Error answers of Google's APIs (AIP-193): HTTP code, message and canonical status. */
import type { Dialect } from './dialect.ts';

export const googleRefusal: Dialect['refusal'] = ({ status, message }) => ({
  error: { code: status, message, status: canonical[status] ?? (status < 500 ? 'FAILED_PRECONDITION' : 'INTERNAL') },
});

/** google.rpc.Code by HTTP status, where a refusal of ours can have it. */
const canonical: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
