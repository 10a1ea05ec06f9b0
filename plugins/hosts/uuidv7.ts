/** UUIDv7 (RFC 9562), in any JavaScript engine. */

const random = new Uint8Array(4096);
let used = random.length;
let last = 0;
let counter = 0;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Rising within this process: the 12 bits behind the time count calls of one millisecond. */
export const uuidv7 = (): string => {
  if (used + 8 > random.length) {
    // Not when the module is loaded: some hosts give no random bytes outside of a request.
    crypto.getRandomValues(random);
    used = 0;
  }
  const now = Date.now();
  if (now > last) {
    last = now;
    counter = (random[used] ?? 0) & 0x7f;
  } else if (++counter > 0xfff) {
    // More than 4,000 in one millisecond: the time runs ahead until the clock has caught up.
    last++;
    counter = 0;
  }
  const time = last.toString(16).padStart(12, '0');
  let tail = '';
  for (const end = used + 8; used < end; used++) tail += hex[random[used] ?? 0];
  const variant = ((Number.parseInt(tail[0] ?? '0', 16) & 3) | 8).toString(16);
  const count = (0x7000 | counter).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${count}-${variant}${tail.slice(1, 4)}-${tail.slice(4)}`;
};
