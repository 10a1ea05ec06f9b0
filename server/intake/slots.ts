/** So much at once; some more wait for their turn, in order; all others are turned away. */
export class Slots {
  #free: number;
  readonly #mostWaiting: number;
  readonly #waiting: { readonly weight: number; readonly admit: () => void }[] = [];

  /** @param room what all that is inside may weigh together. */
  constructor(room: number, mostWaiting: number) {
    this.#free = room;
    this.#mostWaiting = mostWaiting;
  }

  /** Resolves to what is to be called at the end; null: there is no room to wait. */
  async enter(weight: number): Promise<(() => void) | null> {
    if (this.#waiting.length === 0 && weight <= this.#free) this.#free -= weight;
    else {
      if (this.#waiting.length >= this.#mostWaiting) return null;
      await new Promise<void>((admit) => this.#waiting.push({ weight, admit }));
    }
    return () => {
      this.#free += weight;
      this.#admit();
    };
  }

  #admit(): void {
    for (let [next] = this.#waiting; next && next.weight <= this.#free; [next] = this.#waiting) {
      this.#waiting.shift();
      this.#free -= next.weight;
      next.admit();
    }
  }
}
