/** Whether a call that was never decided may have spent money. */
import { classify } from '../../dialects/classify.ts';
import type { Chosen, Destination } from './providers.ts';

export const spending =
  (providerOf: (to: Destination) => Chosen | null) =>
  (method: string, to: Destination): boolean => {
    const chosen = providerOf(to);
    return (
      chosen !== null &&
      classify(method, to.path.slice(chosen.prefix.length) || '/', chosen.provider.vendor.kind).kind !== 'free'
    );
  };
