import { type LocalNode, RawCoList, RawCoMap } from 'cojson';
import { withoutKeys } from './shared/redaction.ts';
import { isOfTheApp } from './of-the-app.ts';
import { findCoValue, openContentOf } from '../engine/private-fields.ts';

const mostValues = 50;
const longestWords = 2_000;

/**
 * What stands in a map, a list or a text of the app's, to look for words in it: its first 50 values, and of them 2,000
 * characters. Empty where the account cannot read it or the app has not opened it: nothing is decrypted for a search.
 */
export function contentWords(node: LocalNode, id: string): string {
  const coValue = findCoValue(node, id);
  if (!coValue || !isOfTheApp(coValue.verified?.header, node)) return '';
  const content = openContentOf(coValue);
  const words: string[] = [];
  let length = 0;
  for (const value of valuesIn(content)) {
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    words.push(String(value).slice(0, longestWords - length));
    length += words.at(-1)?.length ?? 0;
    if (length >= longestWords) break;
  }
  return withoutKeys(words.join(' '));
}

function valuesIn(content: unknown): readonly unknown[] {
  if (content instanceof RawCoMap) {
    const keys: readonly string[] = content.keys();
    return keys.slice(0, mostValues).map((key): unknown => content.get(key));
  }
  return content instanceof RawCoList ? (content.asArray() as readonly unknown[]).slice(0, mostValues) : [];
}
