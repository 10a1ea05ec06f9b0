/** Who called, in Otoroshi's event: of whole entities with their secrets, the identifiers. */
import { array, object, string, text } from '../../../plugins/dialects/read.ts';
import { hide } from '../../../plugins/request/callers.ts';
import type { Json, JsonObject } from '../../../plugins/wire.ts';
import type { LLMUsageAudit } from '../../../schemas/generated/types.ts';
import type { Rules } from '../rules.ts';

export const callerOf = (event: JsonObject, rules: Rules) => {
  const apikey = object(event.apikey);
  const route = object(event.route);
  return {
    tenant: tenantOf(apikey) ?? tenantOf(route) ?? rules.identity.tenant,
    apikey: apikey && apikeyOf(apikey),
    user: userOf(object(event.user), rules),
    route: route && routeOf(route),
  };
};

const tenantOf = (entity: JsonObject | null): string | null => text(object(entity?._loc)?.tenant);

const apikeyOf = (apikey: JsonObject): NonNullable<LLMUsageAudit['apikey']> => {
  const id = text(apikey.clientId) ?? text(apikey.client_id) ?? '';
  return {
    clientId: id,
    clientName: text(apikey.clientName) ?? id,
    // The allow-list takes care of what they hold.
    metadata: (object(apikey.metadata) ?? {}) as Record<string, string>,
    tags: texts(apikey.tags),
  };
};

const texts = (list: Json | undefined): string[] => array(list).filter((item) => typeof item === 'string');

const routeOf = (route: JsonObject): NonNullable<LLMUsageAudit['route']> => {
  const id = text(route.id) ?? '';
  return { id, name: text(route.name) ?? id };
};

/** Otoroshi knows its users by their address: the rule for addresses holds for both. */
const userOf = (user: JsonObject | null, { privacy, platform }: Rules): LLMUsageAudit['user'] => {
  if (!user) return null;
  const email = string(user.email);
  const id = text(user.id) ?? email;
  const isAddress = id?.includes('@') && privacy.email !== 'keep';
  return {
    id: hide(id, isAddress ? privacy.email : privacy.user, platform),
    email: hide(email, privacy.email, platform),
    source: 'gateway',
  };
};
