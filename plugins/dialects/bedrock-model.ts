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

/** What the model makes that a lower-case path invokes; its id tells, also inside an ARN. Null for another path. */
export const bedrockMakes = (path: string): 'text' | 'embeddings' | 'rerank' | 'images' | null => {
  const model = /\/model\/(.+)\/invoke(?:-with-response-stream)?$/.exec(path)?.[1];
  if (model === undefined) return null;
  if (/titan-image-generator|nova-canvas|stability\./.test(model)) return 'images';
  if (/rerank/.test(model)) return 'rerank';
  return /embed/.test(model) ? 'embeddings' : 'text';
};
