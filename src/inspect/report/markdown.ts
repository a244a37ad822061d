import { oneLine } from '../../wire/one-line.ts';
import { shortID } from '../shared/format.ts';
import { withoutKeys } from '../shared/redaction.ts';

/** Enough for the panel's sentences. A text from a relay may be longer. */
const maxCharacters = 400;

/** A code span, so that nothing in the text acts as Markdown or HTML. Without keys, tokens, queries of URLs and whole IDs. */
export function code(text: string): string {
  // Before the search: a control character could hide an ID or a token.
  const whole = redact(oneLine(text.replaceAll(/\p{Cf}+/gu, '')));
  const line = whole.slice(0, maxCharacters).trim();
  const shown = whole.length > maxCharacters ? `${line}…` : line || 'none';
  const runs = shown.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
  // Markdown strips one space at each end.
  const pad = runs.length > 0 ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

const withheld = '[withheld]';

/**
 * Shortens IDs, because anyone with a whole one can read a CoValue that is shared with everyone. The rest is a guess: what looks
 * like a token, a password or an address of a person.
 */
function redact(text: string): string {
  return withoutKeys(text)
    .replaceAll(/:\/\/[^\s/]*@/g, '://')
    .replaceAll(/(:\/\/[^\s?#;%]*)(?:[?#;]|%(?:3[BFbf]|23))\S*|[?&#;][\w.-]+=\S*/g, '$1')
    .replaceAll(/[^\s@"'`(<]+@[\w-]+(?:\.[\w-]+)+/g, withheld)
    .replaceAll(
      /\b(token|secret|password|passwd|api-?key|authorization|bearer)(["']?\s*[:=]\s*["']?|\s+(?=\S*\d))\S+/gi,
      `$1$2${withheld}`,
    )
    .replaceAll(/[\w+=~-]{16,}/g, (word) => {
      if (/^[a-z]+_z/.test(word)) return shortID(word);
      return /\d/.test(word) || /[A-Za-z]{24}/.test(word) ? withheld : word;
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
