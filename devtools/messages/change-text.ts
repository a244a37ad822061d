/** One change of a transaction, as it is read: what was done, to what, and with which value. */
export interface ChangeWords {
  readonly verb: string;
  readonly key: string;
  readonly value: string;
}

const longestValue = 200;

/** The operations of cojson's maps, lists, texts and streams; a form that is not known is shown as it stands. */
export function changeWords(change: unknown): ChangeWords {
  if (typeof change !== 'object' || change === null)
    return { verb: 'add', key: '', value: valueWords(change) };
  const { op, key, value, type, chunk } = change as Readonly<Record<string, unknown>>;
  if (op === 'set' && typeof key === 'string')
    return { verb: 'set', key: cut(key), value: valueWords(value) };
  if (op === 'del') return { verb: 'delete', key: typeof key === 'string' ? cut(key) : '', value: '' };
  if (op === 'app') return { verb: 'insert after', key: '', value: valueWords(value) };
  if (op === 'pre') return { verb: 'insert before', key: '', value: valueWords(value) };
  if (type === 'chunk' && typeof chunk === 'string') {
    return { verb: 'chunk', key: '', value: `${chunk.length.toLocaleString('en')} characters` };
  }
  if (type === 'start' || type === 'end') return { verb: `${type} of stream`, key: '', value: '' };
  return { verb: 'add', key: '', value: valueWords(change) };
}

function valueWords(value: unknown): string {
  return cut(JSON.stringify(value) ?? 'undefined');
}

function cut(text: string): string {
  return text.length <= longestValue
    ? text
    : `${text.slice(0, longestValue)}… (${text.length.toLocaleString('en')} characters)`;
}
