/** Progress of long work: a bar on a terminal, one plain line elsewhere. On standard error, as results go to standard output. */

export interface Progress {
  /** One more step is done. */
  step(): void;
  /** Takes the bar away. */
  end(): void;
}

/** Where it is drawn; `process.stderr` unless a test gives something else. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Milliseconds between two drawings. */
const interval = 50;
const widest = 40;
const clear = '\r\x1b[K';

/** @param steps how many there are; 0: nothing to do. */
export const startProgress = (label: string, steps: number, screen: Screen = process.stderr): Progress => {
  if (!screen.isTTY) {
    screen.write(`${label} (${steps})\n`);
    return { step: () => {}, end: () => {} };
  }
  let done = 0;
  let drawnAt = 0;
  const draw = (): void => {
    const count = ` ${String(done).padStart(String(steps).length)}/${steps}`;
    const room = Math.min(widest, (screen.columns || 80) - label.length - count.length - 3);
    const full = Math.round((done / Math.max(1, steps)) * Math.max(0, room));
    const bar = room < 5 ? '' : ` ${'█'.repeat(full)}${'░'.repeat(room - full)}`;
    screen.write(`${clear}${label}${bar}${count}`);
  };
  draw();
  return {
    step: () => {
      done++;
      const now = performance.now();
      if (now - drawnAt < interval && done < steps) return;
      drawnAt = now;
      draw();
    },
    end: () => void screen.write(clear),
  };
};
