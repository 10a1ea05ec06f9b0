/** What this process knows of accounts without asking: so that an event can say what stood there before its call. */
import type { Account } from './ledger.ts';
import type { Meter } from './meters.ts';

/** Accounts of which this process remembers what it heard. */
const mostHeard = 50_000;

/** What this process heard last of each account, and what it is about to book there. */
export const heardOf = () => {
  const accounts = new Map<Account, { spent: bigint; coming: bigint }>();
  const of = (account: Account) => {
    const known = accounts.get(account);
    if (known) return known;
    if (accounts.size >= mostHeard) accounts.clear();
    const fresh = { spent: 0n, coming: 0n };
    accounts.set(account, fresh);
    return fresh;
  };
  return {
    is: (account: Account, spent: bigint): void => {
      of(account).spent = spent;
    },
    before: ({ account }: Meter, amount: bigint): bigint => {
      const known = of(account);
      const before = known.spent + known.coming;
      known.coming += amount;
      return before;
    },
    booked: (account: Account, amount: bigint, spent: bigint | null): void => {
      const known = of(account);
      known.coming = known.coming > amount ? known.coming - amount : 0n;
      if (spent !== null) known.spent = spent;
    },
  };
};
