/**
 * The model that a Bedrock runtime path names, as the caller wrote it: a model id, an inference profile or an ARN, whose
 * slashes and colons may be percent-encoded or not. Null for another path.
 * @param path normalised, its letter case kept.
 */
export const bedrockModel = (path: string): string | null => {
  const encoded = /\/model\/(.+)\/[^/]+$/i.exec(path)?.[1];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
};

/** Whether it is a model of pictures that a lower-case path invokes. */
export const isBedrockImagePath = (path: string): boolean =>
  /\/model\/[^/]*(?:titan-image-generator|nova-canvas|stability\.)[^/]*\/invoke$/.test(path);
