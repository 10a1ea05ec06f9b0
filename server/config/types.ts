/** The configuration as the program sees it: checked, complete, frozen; milliseconds, bytes, units of 1e-12 USD. */
import type { KeyObject } from 'node:crypto';
import type { ExporterConfig } from '../../exporters/config.ts';
import type { Budget } from '../../plugins/budgets/budget.ts';
import type { Vendor } from '../../plugins/dialects/vendors.ts';
import type { IdentityRule } from '../../plugins/hosts/envoy/identity.ts';
import type { Role } from '../../plugins/hosts/envoy/processor.ts';
import type { ProviderRule } from '../../plugins/hosts/envoy/providers.ts';
import type { ChallengeRules } from '../../plugins/hosts/otoroshi/challenge.ts';
import type { ClaimRules } from '../../plugins/hosts/otoroshi/claim.ts';
import type { StatedPrice } from '../../plugins/pricing/stated-prices.ts';
import type { CaptureMode } from '../../plugins/redaction/capture.ts';
import type { Privacy } from '../../plugins/settings.ts';
import type { WrittenBudget } from '../../schemas/generated/config-types.ts';

export interface ProviderConfig {
  /** Path prefix at the gateway, `provider` in the event. */
  readonly id: string;
  readonly vendor: Vendor;
  /** Scheme, host and optional path, without a trailing slash. Null: the gateway starts the simulator and fills it in. */
  readonly baseUrl: string | null;
  readonly credential: string | null;
  /** Electricity mix of its data centres; null: as for all providers. */
  readonly zone: string | null;
  /** Sent with every call, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A bearer of the administration. */
export interface AdminKey {
  readonly name: string;
  /** Of the key, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly role: 'admin' | 'intake' | 'read';
}

/** The key that tokens are verified with, or where the keys are published. */
export type VerifiedBy = { readonly key: KeyObject } | { readonly jwks: string };

/** Otoroshi in front. Header names in lower case. */
export interface OtoroshiConfig {
  readonly claim: ClaimRules & { readonly header: string; readonly verifiedBy: VerifiedBy };
  readonly challenge:
    | (ChallengeRules & {
        readonly requestHeader: string;
        readonly responseHeader: string;
        /** Null: V1, in which nothing is signed. */
        readonly verifiedBy: VerifiedBy | null;
      })
    | null;
}

export interface Config {
  readonly dataDir: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** In the order of the file. */
  readonly providers: readonly ProviderConfig[];
  /** Null: `keys` once a key exists, else `passthrough`. */
  readonly auth: 'keys' | 'passthrough' | null;
  readonly keysFile: string;
  readonly capture: { readonly mode: CaptureMode; readonly maxBytes: number };
  readonly privacy: { readonly user: Privacy; readonly email: Privacy; readonly clientIp: Privacy };
  readonly pricing: {
    /** LiteLLM-format price files, the first wins. */
    readonly files: readonly string[];
    readonly preferProviderCost: boolean;
    readonly stated: readonly StatedPrice[];
  };
  readonly impacts: { readonly enabled: boolean; readonly zone: string | null };
  /** As written, checked: `readBudget` makes of each what is enforced. */
  readonly budgets: readonly WrittenBudget[];
  readonly rateLimits: readonly Budget[];
  readonly store: {
    readonly kind: 'memory' | 'sqlite' | 'redis';
    /** Of Redis; null for the other kinds. May hold user and password, too. */
    readonly url: string | null;
    readonly username: string | null;
    readonly password: string | null;
    /** PEM file; null: the system's authorities. */
    readonly ca: string | null;
    readonly namespace: string;
    readonly onDown: 'fail_closed' | 'fail_open';
    /** Milliseconds. */
    readonly timeout: number;
  };
  readonly reserve: {
    readonly defaultOutputTokens: number;
    readonly strict: boolean;
    readonly capOutput: boolean;
    /** Which calls are written down while they are under way. */
    readonly journal: 'budgets' | 'all';
    /** Milliseconds. */
    readonly ttl: number;
  };
  readonly budgetHeaders: boolean;
  /** Without keys: the socket only, and `/metrics` where it is open. */
  readonly admin: {
    readonly host: string;
    readonly port: number;
    readonly keys: readonly AdminKey[];
    readonly metrics: 'key' | 'open';
  };
  /** Of `llm-audit ext-proc`. */
  readonly envoy: {
    /** The socket, where there is one, counts before host and port. */
    readonly listen: { readonly host: string; readonly port: number; readonly socket: string | null };
    readonly providers: readonly ProviderRule[];
    /** Of a filter that does not name its own; null: it must. */
    readonly role: Role | null;
    readonly streamUsage: 'hidden' | 'always';
    /** Null: callers are who their keys say. */
    readonly identity: IdentityRule | null;
  };
  /** Bytes. */
  readonly limits: {
    readonly requestBody: number;
    readonly responseBody: number;
    readonly intakeBody: number;
    readonly intakeItem: number;
  };
  readonly intake: { readonly unknown: 'drop' | 'keep'; readonly recomputeCosts: boolean };
  /** Null: callers come without Otoroshi. */
  readonly otoroshi: OtoroshiConfig | null;
  readonly onClientAbort: {
    readonly mode: 'cut' | 'drain';
    readonly timeMs: number;
    readonly bytes: number;
    readonly atOnce: number;
  };
  /** Milliseconds. */
  readonly timeouts: {
    readonly connect: number;
    readonly head: number;
    readonly idle: number;
    readonly shutdown: number;
  };
  readonly spool: {
    readonly max_bytes: number;
    readonly segment_bytes: number;
    readonly on_full: 'drop_oldest' | 'refuse_calls';
    /** Milliseconds. */
    readonly keep: number;
  };
  /** Bytes, milliseconds. */
  readonly deadLetters: { readonly max_bytes: number; readonly max_age: number };
  /** As written, checked: the exporters read their own settings. Those of `exporters_files` come last. */
  readonly exporters: readonly ExporterConfig[];
  /** Files and folders that hold more of them. */
  readonly exportersFiles: readonly string[];
  readonly identity: { readonly product: string; readonly environment: string; readonly tenant: string };
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent' };
}
