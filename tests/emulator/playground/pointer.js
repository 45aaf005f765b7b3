// Places in JSON documents (RFC 6901), and merge patches that set them (RFC 7396).

const parts = (pointer) =>
  pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The value at a place; undefined where there is none. */
export function valueAt(document, pointer) {
  return parts(pointer).reduce((value, part) => value?.[part], document);
}

/** The document with a value at a place; undefined takes the place away. */
export function withValueAt(document, pointer, value) {
  const [part, ...rest] = parts(pointer);
  if (part === undefined) return value;
  const copy = Array.isArray(document) ? [...document] : { ...document };
  const below = rest.map((it) => `/${it.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  copy[part] = withValueAt(copy[part], below, value);
  if (copy[part] === undefined && rest.length === 0) delete copy[part];
  return copy;
}

/** The merge patch that sets these places: `{'/a/b': 1}` is `{"a": {"b": 1}}`. */
export function mergePatch(values) {
  return Object.entries(values).reduce((patch, [pointer, value]) => withValueAt(patch, pointer, value), {});
}

/** Whether a place is another one, or in it. */
export const isWithin = (pointer, other) => pointer === other || pointer.startsWith(`${other}/`);

/** Every value of a document that holds no others, by its place. */
export function leaves(document, pointer = '', found = new Map()) {
  const isBranch = document !== null && typeof document === 'object' && Object.keys(document).length > 0;
  if (!isBranch) return found.set(pointer, document);
  for (const [name, value] of Object.entries(document)) {
    leaves(value, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, found);
  }
  return found;
}

/** What differs between two documents, as `{pointer, before, after}`. */
export function changes(before, after) {
  const [old, fresh] = [leaves(before), leaves(after)];
  const pointers = new Set([...old.keys(), ...fresh.keys()]);
  const isSame = (pointer) => JSON.stringify(old.get(pointer)) === JSON.stringify(fresh.get(pointer));
  return [...pointers].filter((it) => !isSame(it))
    .map((pointer) => ({ pointer, before: old.get(pointer), after: fresh.get(pointer) }));
}
