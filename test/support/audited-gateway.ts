/** A gateway in a process of its own that sends its events to a webhook. */
import type { TestContext } from 'node:test';
import { type Running, running } from './cli.ts';

/** `llm-audit.yaml` with the simulator as its one provider. */
export const configuration = (more: string): string =>
  `version: 1\nproviders: {simulator: {kind: simulator}}\nspool: {keep: 1h}\n${more}`;

/** An exporter that tries again at once, with a credential that nothing may show. */
export const hook = (url: string, more = ''): string => `exporters:
  - type: webhook
    id: hook
    groupDuration: 50
    delivery: {backoff_min: 10ms, backoff_max: 100ms}
    config: {url: "${url}", headers: {authorization: Bearer planted-token}}
${more}`;

export interface AuditedGateway extends Running {
  /** Of the administration; empty without keys. */
  readonly admin: string;
  /** One call, which makes one event. */
  call(): Promise<void>;
}

export const auditedGateway = async (t: TestContext, cwd: string): Promise<AuditedGateway> => {
  const gateway = running(t, ['gateway', '--port', '0', '--json'], { cwd });
  const [line] = await gateway.prints(/^\{.*\}\n/m);
  const { origin, admin } = JSON.parse(line) as { origin: string; admin: string | null };
  return {
    ...gateway,
    admin: admin ?? '',
    call: async () => {
      const answer = await fetch(`${origin}/simulator/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }),
      });
      await answer.text();
      if (answer.status !== 200) throw new Error(`the gateway answered ${answer.status}`);
    },
  };
};
