/** One normal form of a path: what is matched is exactly what is forwarded, so that no spelling slips past. */

/** Unreserved characters of RFC 3986: their percent-encoding means the same as themselves. */
const unreserved = /^[A-Za-z0-9\-._~]$/;

/**
 * Decodes needless percent-encodings, joins double slashes, drops a trailing slash. Letter case stays, as ids need it.
 * Null for a path with dot segments, a fragment or a broken encoding, which two servers may read differently.
 */
export const normalPath = (path: string): string | null => {
  if (/%(?![0-9A-Fa-f]{2})|%[01]/.test(path) || /[\\#\0-\x20]/.test(path)) return null;
  const decoded = path.replace(/%([0-9A-Fa-f]{2})/g, (whole, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return unreserved.test(character) ? character : whole.toUpperCase();
  });
  if (decoded.split('/').some((segment) => segment === '.' || segment === '..')) return null;
  const joined = decoded.replace(/\/{2,}/g, '/');
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined;
};

/** Percent-decoded where it can be, else as it stands. */
export const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
