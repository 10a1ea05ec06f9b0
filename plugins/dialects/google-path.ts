/** The model that a path of Google's APIs names. */

/**
 * `models/NAME:action`, with a publisher before it at Vertex, gives NAME; `tunedModels/NAME:action` and
 * `endpoints/NAME:action` keep their kind, as they share no names with the models. Null for any other path.
 */
export const googleModel = (path: string): string | null => {
  const plain = path.replace(/%3A/gi, ':').replaceAll('%40', '@');
  const found = /\/(models|tunedModels|endpoints)\/([^/:]+):[a-z]+$/i.exec(plain);
  if (!found) return null;
  const [, kind = '', name = ''] = found;
  return kind.toLowerCase() === 'models' ? name : `${kind}/${name}`;
};

/** A model's name without the resource path before it. */
export const googleModelName = (resource: string | null): string | null =>
  resource?.replace(/^(?:.*\/)?models\//, '') ?? null;
