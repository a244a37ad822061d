import { shortID } from '../shared/format.ts';
import { withoutKeys } from '../shared/redaction.ts';

/** Enough for the panel's sentences. A text from a relay may be longer. */
const maxCharacters = 400;

/** A code span, so that nothing in the text acts as Markdown or HTML. Without keys, tokens, queries of URLs and whole IDs. */
export function code(text: string): string {
  const whole = redact(text);
  // Control characters include those that reverse the order of text.
  const line = whole
    .slice(0, maxCharacters)
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim();
  const shown = whole.length > maxCharacters ? `${line}…` : line || 'none';
  const runs = shown.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
  // Markdown strips one space at each end.
  const pad = runs.length > 0 ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Shortens IDs, because anyone with a whole one can read a CoValue that is shared with everyone. */
function redact(text: string): string {
  return withoutKeys(text)
    .replaceAll(/:\/\/[^\s/@]*@/g, '://')
    .replaceAll(/(:\/\/[^\s?#]*)[?#]\S*|[?&#][\w.-]+=\S*/g, '$1')
    .replaceAll(/[\w+=]{20,}/g, (word) => {
      if (/^[a-z]+_z/.test(word)) return shortID(word);
      return /\d/.test(word) ? '[withheld]' : word;
    });
}

/** Leaves out items that are undefined or false. */
export function list(...items: readonly (string | false | undefined)[]): string {
  return items.flatMap((item) => (item ? [`- ${item}`] : [])).join('\n');
}

/** As many parts as fit, and how many did not. */
export function fitting<T>(
  items: readonly T[],
  write: (item: T) => string,
  { count, characters, more }: { readonly count: number; readonly characters: number; readonly more: string },
  total = items.length,
): readonly string[] {
  const parts: string[] = [];
  let length = 0;
  for (const item of items.slice(0, count)) {
    const part = write(item);
    length += part.length;
    if (length > characters) break;
    parts.push(part);
  }
  const left = total - parts.length;
  return left > 0 ? [...parts, `${left.toLocaleString('en')} more ${more} left out.`] : parts;
}
