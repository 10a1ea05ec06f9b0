/** Starts the system under test, keeps the oracle's books from what it says, and kills it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DeliveryStats } from '../../../exporters/delivery/stats.ts';
import type { Oracle } from './oracle.ts';
import type { SystemOrder } from './system.ts';

export interface Stats extends DeliveryStats {
  /** Bytes of memory of the whole process. */
  readonly rss: number;
}

const program = fileURLToPath(new URL('./system.ts', import.meta.url));
const axe = new URL('./axe.ts', import.meta.url).href;

/** Milliseconds after which a system that says nothing fails the test. */
const patience = 60_000;

export interface Starting {
  /** Dies by its own hand at a step on the disk: see axe.ts. */
  readonly axe?: string;
  /** Kibibytes that no file may grow over (`ulimit -f`). */
  readonly fileLimit?: number;
}

export class System {
  readonly #child: ChildProcess;
  readonly #oracle: Oracle;
  readonly #heard: string[] = [];
  #wake: () => void = () => {};
  #log = '';
  /** By code: how many events were refused. */
  readonly refused = new Map<string, number>();
  /** Of the last `stats`. */
  stats: Stats | null = null;

  constructor(t: Pick<TestContext, 'after'>, oracle: Oracle, order: SystemOrder, starting: Starting = {}) {
    this.#oracle = oracle;
    const node = [...(starting.axe ? ['--import', axe] : []), program, JSON.stringify(order)];
    const [command, args] = starting.fileLimit
      ? ['bash', ['-c', `ulimit -S -f ${starting.fileLimit}; exec "$0" "$@"`, process.execPath, ...node]]
      : [process.execPath, node];
    this.#child = spawn(command as string, args as string[], {
      env: { ...process.env, ...(starting.axe ? { AXE: starting.axe } : {}) },
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    });
    t.after(() => this.#child.kill('SIGKILL'));
    this.stdin.on('error', () => {}); // it may be dead
    (this.#child.stderr as Readable).setEncoding('utf8').on('data', (text: string) => {
      this.#log = `${this.#log}${text}`.slice(-100_000);
      this.#wake();
    });
    createInterface({ input: this.#child.stdio[3] as Readable }).on('line', (line) => this.#hear(line));
    this.#child.on('close', () => this.#wake());
  }

  get stdin(): Writable {
    return this.#child.stdin as Writable;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What the delivery has logged, one JSON object a line. */
  get log(): string {
    return this.#log;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #hear(text: string): void {
    if (!text.endsWith(';')) return;
    const line = text.slice(0, -1);
    const [word = '', one = '', two = ''] = line.split(' ', 3);
    if (word === 'issued')
      for (let number = Number(one); number <= Number(two); number++) this.#oracle.issued.add(number);
    else if (word === 'accepted') this.#oracle.accepted.add(Number(one));
    else if (word === 'refused') this.refused.set(two, (this.refused.get(two) ?? 0) + 1);
    else if (word === 'stats') this.stats = JSON.parse(line.slice('stats '.length)) as Stats;
    else this.#heard.push(line);
    this.#wake();
  }

  /** Resolves once it is so; looks at every line that the system says. Rejects when it ends before, or after too long. */
  async until(isSo: () => boolean, what: string, timeout = patience): Promise<void> {
    const deadline = Date.now() + timeout;
    while (!isSo()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`not within ${timeout} ms: ${what}\n${this.#log.slice(-3_000)}`);
      if (this.#child.stdio[3]?.destroyed) throw new Error(`ended before: ${what}\n${this.#log.slice(-3_000)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 1_000));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  says(line: string): Promise<void> {
    return this.until(() => this.#heard.includes(line), line);
  }

  async look(): Promise<Stats> {
    this.stats = null;
    this.stdin.write('stats\n');
    await this.until(() => this.stats !== null, 'stats');
    return this.stats as unknown as Stats;
  }

  /** SIGKILL; resolves when it is gone and all that it said is heard. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended();
  }

  /** Its exit code; null when a signal ended it. */
  async ended(timeout = patience): Promise<number | null> {
    if (!this.#closed) await once(this.#child, 'close', { signal: AbortSignal.timeout(timeout) });
    return this.#child.exitCode;
  }

  get #closed(): boolean {
    return this.hasEnded && (this.#child.stdio[3] as Readable).closed;
  }

  /** Accepts nothing new, delivers what there is, ends; returns what it says about itself in the end. */
  async finish(timeout = patience): Promise<Stats> {
    this.stats = null;
    this.stdin.write('finish\n');
    await this.until(() => this.stats !== null, 'drained', timeout);
    const code = await this.ended();
    if (code !== 0) throw new Error(`ended with ${code}\n${this.#log.slice(-3_000)}`);
    return this.stats as unknown as Stats;
  }
}
