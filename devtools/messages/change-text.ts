/** A readable form of one change in a transaction. */
export interface ChangeText {
  readonly verb: string;
  readonly key: string;
  readonly value: string;
}

const longestValue = 200;

/** Describes the operations of cojson's maps, lists, texts and streams. Shows unknown changes as JSON. */
export function describeChange(change: unknown): ChangeText {
  if (typeof change !== 'object' || change === null)
    return { verb: 'add', key: '', value: formatValue(change) };
  const { op, key, value, type, chunk } = change as Readonly<Record<string, unknown>>;
  if (op === 'set' && typeof key === 'string')
    return { verb: 'set', key: cut(key), value: formatValue(value) };
  if (op === 'del') return { verb: 'delete', key: typeof key === 'string' ? cut(key) : '', value: '' };
  if (op === 'app') return { verb: 'insert after', key: '', value: formatValue(value) };
  if (op === 'pre') return { verb: 'insert before', key: '', value: formatValue(value) };
  if (type === 'chunk' && typeof chunk === 'string') {
    return { verb: 'chunk', key: '', value: `${chunk.length.toLocaleString('en')} characters` };
  }
  if (type === 'start' || type === 'end') return { verb: `${type} of stream`, key: '', value: '' };
  return { verb: 'add', key: '', value: formatValue(change) };
}

function formatValue(value: unknown): string {
  return cut(JSON.stringify(value) ?? 'undefined');
}

function cut(text: string): string {
  return text.length <= longestValue
    ? text
    : `${text.slice(0, longestValue)}… (${text.length.toLocaleString('en')} characters)`;
}
