import { type LocalNode, RawCoList, RawCoMap } from 'cojson';
import { findCoValue, openContentOf } from '../../engine/private-fields.ts';
import { isAppContent } from '../shared/app-content.ts';
import { withoutKeys } from '../shared/redaction.ts';

const maxValues = 50;
const maxCharacters = 2_000;

/** The first 50 values, at most 2,000 characters. Empty if the app has not opened it: a search decrypts nothing. */
export function searchText(node: LocalNode, id: string): string {
  const coValue = findCoValue(node, id);
  if (!coValue || !isAppContent(coValue.verified?.header, node)) return '';
  const content = openContentOf(coValue);
  const texts: string[] = [];
  let length = 0;
  for (const value of valuesIn(content)) {
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    texts.push(String(value).slice(0, maxCharacters - length));
    length += texts.at(-1)?.length ?? 0;
    if (length >= maxCharacters) break;
  }
  return withoutKeys(texts.join(' '));
}

function valuesIn(content: unknown): readonly unknown[] {
  if (content instanceof RawCoMap) {
    const keys: readonly string[] = content.keys();
    return keys.slice(0, maxValues).map((key): unknown => content.get(key));
  }
  return content instanceof RawCoList ? (content.asArray() as readonly unknown[]).slice(0, maxValues) : [];
}
