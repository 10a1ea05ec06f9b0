/** A gateway in front of the node host, which has found out who calls. */
import type { GatewayIdentity } from '../../contract.ts';
import type { Refusal } from '../../dialects/dialect.ts';
import type { Headers } from '../../wire.ts';

export interface Front {
  /** Headers between it and us, in lower case: they go no further. */
  isOurs(name: string): boolean;
  /** Who calls, or why that is not known. Never rejects. */
  meet(headers: Headers): Promise<Met>;
}

export interface Met {
  readonly identity: GatewayIdentity | Refusal;
  /** On every answer, also on refusals. */
  readonly answerHeaders: Readonly<Record<string, string>>;
}
