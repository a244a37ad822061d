import { isCoValueID } from '../../wire/ids.ts';
import { withoutKeys } from '../shared/redaction.ts';

/** A value as it may be shown: never a key, and never more of it than a person reads at a glance. */
export type ShownValue =
  | { readonly kind: 'text'; readonly preview: string; readonly length: number }
  /** A number, a boolean or null. */
  | { readonly kind: 'plain'; readonly preview: string }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'object' | 'array'; readonly preview: string; readonly size: number }
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'hidden' };

const longest = 200;
/** Of a binary stream's chunks, in base64. */
const bytesPrefix = 'binary_U';

export const hidden: ShownValue = { kind: 'hidden' };

/** Costs what is shown of it, however long the value is. */
export function shownValue(value: unknown, most = longest): ShownValue {
  if (typeof value === 'string') {
    if (isCoValueID(value)) return { kind: 'id', id: value };
    if (value.startsWith(bytesPrefix)) {
      return { kind: 'bytes', bytes: bytesIn(value.slice(bytesPrefix.length)) };
    }
    return { kind: 'text', preview: shortText(value, most), length: value.length };
  }
  if (Array.isArray(value)) return { kind: 'array', preview: previewOf(value, most), size: value.length };
  if (typeof value === 'object' && value !== null) {
    return { kind: 'object', preview: previewOf(value, most), size: Object.keys(value).length };
  }
  return { kind: 'plain', preview: String(value) };
}

function bytesIn(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

/** A key of the app's own: it could be anything, too. */
export function shownKey(key: string): string {
  return shortText(key, longest);
}

/** Redacted ahead of being cut: half a key would not be found. */
function shortText(text: string, most: number): string {
  const whole = withoutKeys(text.slice(0, most + longestKey));
  return whole.length > most ? `${whole.slice(0, most)}…` : whole;
}
/** Secrets of cojson are shorter. */
const longestKey = 200;

/** As JSON, until there is enough of it. */
function previewOf(value: unknown, most: number): string {
  const parts: string[] = [];
  let length = 0;
  const add = (text: string): boolean => {
    parts.push(text);
    length += text.length;
    return length <= most;
  };
  const walk = (part: unknown): boolean => {
    if (typeof part === 'string') {
      return add(part.startsWith(bytesPrefix) ? '<bytes>' : JSON.stringify(shortText(part, most)));
    }
    if (typeof part !== 'object' || part === null) return add(String(part));
    const isList = Array.isArray(part);
    if (!add(isList ? '[' : '{')) return false;
    let isFirst = true;
    for (const key in part) {
      if (!isFirst && !add(', ')) return false;
      isFirst = false;
      if (!isList && !add(`${shortText(key, most)}: `)) return false;
      if (!walk(Reflect.get(part, key))) return false;
    }
    return add(isList ? ']' : '}');
  };
  walk(value);
  const text = parts.join('');
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
