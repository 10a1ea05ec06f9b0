/** What a call is, as far as the scope of a budget may ask. */
import type { Call } from '../contract.ts';
import type { Facts } from './matching.ts';

const listed = (text: string | undefined): string[] =>
  text === undefined
    ? []
    : text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '');

/** Headers of the application count only where its key says that they may be trusted: they would choose who pays. */
export const factsOf = ({ consumer, incoming, ask }: Call): Facts => {
  const metadata = consumer?.metadata ?? {};
  const told = consumer?.trustHeaders ? incoming.headers['x-llm-audit-user'] : undefined;
  return {
    apikey: consumer?.clientId ?? null,
    user: incoming.identity?.user ?? told ?? metadata['user'] ?? null,
    groups: [...listed(metadata['team']), ...listed(metadata['group']), ...listed(metadata['groups'])],
    route: [incoming.route.id, incoming.route.name],
    provider: [incoming.provider.id, incoming.provider.vendor.kind],
    model: ask?.model ?? null,
    metadata,
  };
};
