/** How long the calls under way live that one process keeps in its memory. */

interface Living {
  /** Epoch milliseconds. */
  expires: number;
}

export const prolong = (calls: ReadonlyMap<string, Living>, ids: readonly string[], expires: number): void => {
  for (const id of ids) {
    const call = calls.get(id);
    if (call) call.expires = expires;
  }
};

/** At most `limit` calls whose time is over; they are given another `ttl` milliseconds, so that they are claimed once. */
export const claimExpired = <Call extends Living>(
  calls: ReadonlyMap<string, Call>,
  { at, ttl, limit }: { readonly at: number; readonly ttl: number; readonly limit: number },
): [id: string, call: Call][] => {
  const found: [string, Call][] = [];
  for (const [id, call] of calls) {
    if (found.length >= limit) break;
    if (call.expires > at) continue;
    call.expires = at + ttl;
    found.push([id, call]);
  }
  return found;
};
