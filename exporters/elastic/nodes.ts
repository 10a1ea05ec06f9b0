/** The nodes of a cluster: taken in turn; one that fails is left out for a while that doubles each time. */

/** Milliseconds. */
const firstRest = 5_000;
const longestRest = 5 * 60_000;

interface Node {
  readonly url: string;
  failures: number;
  /** Epoch milliseconds. */
  restsUntil: number;
}

export class Nodes {
  readonly #nodes: readonly Node[];
  readonly #now: () => number;
  #turn = 0;

  /** At least one address. */
  constructor(urls: readonly string[], now: () => number) {
    this.#nodes = urls.map((url) => ({ url, failures: 0, restsUntil: 0 }));
    this.#now = now;
  }

  /** Whom to ask now, and whom when that one fails. When all of them rest: the one that has rested longest. */
  order(): string[] {
    const now = this.#now();
    const at = this.#turn++ % this.#nodes.length;
    const turned = [...this.#nodes.slice(at), ...this.#nodes.slice(0, at)];
    const awake = turned.filter(({ restsUntil }) => restsUntil <= now);
    const chosen =
      awake.length > 0 ? awake : turned.sort((one, other) => one.restsUntil - other.restsUntil).slice(0, 1);
    return chosen.map(({ url }) => url);
  }

  answered(url: string): void {
    const node = this.#find(url);
    if (node) node.failures = node.restsUntil = 0;
  }

  failed(url: string): void {
    const node = this.#find(url);
    if (!node) return;
    node.restsUntil = this.#now() + Math.min(longestRest, firstRest * 2 ** Math.min(node.failures, 16));
    node.failures++;
  }

  #find(url: string): Node | undefined {
    return this.#nodes.find((node) => node.url === url);
  }
}
