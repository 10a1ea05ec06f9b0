/** What a destination's answer means for the events that it was about. Destinations return these; they never throw. */

export type Outcome =
  /** The destination has it, durably as far as it tells. */
  | { readonly is: 'delivered' }
  /** It had it before: as good as delivered. */
  | { readonly is: 'duplicate' }
  /**
   * Not now. `after`: milliseconds that the destination asked to wait. `suspect`: the destination stumbles in a way that
   * one bad event can cause (HTTP 500), so the batch is taken apart when it goes on.
   */
  | { readonly is: 'retry'; readonly reason: string; readonly after?: number; readonly suspect?: boolean }
  /** Not this batch as a whole: halve it; an event that is alone is a dead letter. */
  | { readonly is: 'split'; readonly reason: string }
  /** This event never, however often it is tried. */
  | { readonly is: 'deadLetter'; readonly reason: string }
  /**
   * Nothing until somebody mends the configuration or the destination; not the events' fault.
   * Tried again every minute, or not before the next start when `final`. `suspect`: what stands before a destination may
   * refuse one event so (HTTP 403 of a firewall), so the batch is taken apart when it goes on.
   */
  | { readonly is: 'blocked'; readonly reason: string; readonly final?: boolean; readonly suspect?: boolean };

export const delivered: Outcome = { is: 'delivered' };
export const duplicate: Outcome = { is: 'duplicate' };
export const retry = (reason: string, more: { after?: number; suspect?: boolean } = {}): Outcome => ({
  is: 'retry',
  reason,
  ...more,
});
export const split = (reason: string): Outcome => ({ is: 'split', reason });
export const deadLetter = (reason: string): Outcome => ({ is: 'deadLetter', reason });
export const blocked = (reason: string, more: { final?: boolean; suspect?: boolean } = {}): Outcome => ({
  is: 'blocked',
  reason,
  final: false,
  ...more,
});

/**
 * A reason without what the destination said about the events, which may quote them: for the log and for the state that is
 * shown. Its words stand in the dead letters, beside the event.
 */
export const withoutWords = (reason: string): string => reason.replace(/(HTTP \d{3}): .*$/s, '$1');
