/** The large tables (prices, models, electricity mixes), which the build packs into one piece beside the code. */
import { inflateRaw } from './inflate.ts';
import { utf8Text } from './utf8.ts';

let tables: Record<string, unknown> | null = null;

/** @param name path of the JSON file in the project */
export const table = (name: string): unknown => {
  tables ??= unpacked();
  return tables[name];
};

const unpacked = (): Record<string, unknown> => {
  const { __packed: packed } = globalThis as unknown as { __packed: ArrayBuffer };
  const bytes = inflateRaw(new Uint8Array(packed), 64 * 1024 * 1024);
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192) as never);
  return JSON.parse(utf8Text(text, true)) as Record<string, unknown>;
};
