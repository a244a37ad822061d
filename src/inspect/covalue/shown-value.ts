import { isCoValueID } from '../../wire/ids.ts';
import { withoutKeys } from '../shared/redaction.ts';

/** A value for display: without keys, and short enough to read at a glance. */
export type ShownValue =
  | { readonly kind: 'text'; readonly preview: string; readonly length: number }
  /** A number, a boolean or null. */
  | { readonly kind: 'plain'; readonly preview: string }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'object' | 'array'; readonly preview: string; readonly size: number }
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'hidden' };

const maxPreviewLength = 200;
/** The prefix of a binary stream's chunks, which are in base64. */
const bytesPrefix = 'binary_U';

export const hidden: ShownValue = { kind: 'hidden' };

/** The cost depends on the preview's length, not on the value's. */
export function shownValue(value: unknown, maxLength = maxPreviewLength): ShownValue {
  if (typeof value === 'string') {
    if (isCoValueID(value)) return { kind: 'id', id: value };
    if (value.startsWith(bytesPrefix)) {
      return { kind: 'bytes', bytes: bytesIn(value.slice(bytesPrefix.length)) };
    }
    return { kind: 'text', preview: shortText(value, maxLength), length: value.length };
  }
  if (Array.isArray(value))
    return { kind: 'array', preview: previewOf(value, maxLength), size: value.length };
  if (typeof value === 'object' && value !== null) {
    return { kind: 'object', preview: previewOf(value, maxLength), size: Object.keys(value).length };
  }
  return { kind: 'plain', preview: String(value) };
}

function bytesIn(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

/** The app chooses its keys, so they may contain anything. */
export function shownKey(key: string): string {
  return shortText(key, maxPreviewLength);
}

/** Redacts before cutting, because half a key would go unnoticed. */
function shortText(text: string, maxLength: number): string {
  const whole = withoutKeys(text.slice(0, maxLength + maxSecretLength));
  return whole.length > maxLength ? `${whole.slice(0, maxLength)}…` : whole;
}
/** Longer than any secret of cojson. */
const maxSecretLength = 200;

function previewOf(value: unknown, maxLength: number): string {
  const parts: string[] = [];
  let length = 0;
  const add = (text: string): boolean => {
    parts.push(text);
    length += text.length;
    return length <= maxLength;
  };
  const walk = (part: unknown): boolean => {
    if (typeof part === 'string') {
      return add(part.startsWith(bytesPrefix) ? '<bytes>' : JSON.stringify(shortText(part, maxLength)));
    }
    if (typeof part !== 'object' || part === null) return add(String(part));
    const isList = Array.isArray(part);
    if (!add(isList ? '[' : '{')) return false;
    let isFirst = true;
    for (const key in part) {
      if (!isFirst && !add(', ')) return false;
      isFirst = false;
      if (!isList && !add(`${shortText(key, maxLength)}: `)) return false;
      if (!walk(Reflect.get(part, key))) return false;
    }
    return add(isList ? ']' : '}');
  };
  walk(value);
  const text = parts.join('');
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}
