import { forms, type Form } from './forms.ts';

export interface Secret {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The same secret as words, in their order. */
  readonly words?: readonly string[];
}

/** Content that was read, and its place. */
export interface Evidence {
  readonly place: string;
  readonly content: string | Uint8Array;
}

export interface Finding {
  readonly place: string;
  readonly secret: string;
  readonly form: Form['name'] | 'words';
}

/** Finds each secret, or 16 bytes or 6 consecutive words of it. Reports each place, secret and form once. */
export function findSecrets(secrets: readonly Secret[], evidence: Iterable<Evidence>): readonly Finding[] {
  const searches = [...forms.map((form) => searchForm(form, secrets)), ...secrets.map(searchWords)];
  const foundIn = new Map<string, readonly Omit<Finding, 'place'>[]>();
  const findings = new Map<string, Finding>();
  for (const { place, content } of evidence) {
    const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
    let found = foundIn.get(text);
    if (!found) {
      found = spellings(text).flatMap((spelling) => searches.flatMap((search) => search(spelling)));
      foundIn.set(text, found);
    }
    for (const { secret, form } of found) {
      findings.set(JSON.stringify([place, secret, form]), { place, secret, form });
    }
  }
  return [...findings.values()];
}

type Search = (text: string) => readonly Omit<Finding, 'place'>[];

const keyLength = 12;

function searchForm(form: Form, secrets: readonly Secret[]): Search {
  const neededByKey = new Map<string, { readonly secret: string; readonly text: string }[]>();
  // Most positions start no secret; comparing two characters first avoids creating substrings.
  const beginnings = new Uint8Array(0x10000);
  for (const { name, bytes } of secrets) {
    for (const text of form.write(bytes)) {
      const key = text.slice(0, keyLength);
      const needed = neededByKey.get(key) ?? [];
      needed.push({ secret: name, text });
      neededByKey.set(key, needed);
      beginnings[beginningAt(text, 0)] = 1;
    }
  }
  return (content) => {
    const plain = form.plain(content);
    const found = new Set<string>();
    for (let at = 0; at + keyLength <= plain.length; at++) {
      if (!beginnings[beginningAt(plain, at)]) continue;
      for (const { secret, text } of neededByKey.get(plain.slice(at, at + keyLength)) ?? []) {
        if (plain.startsWith(text, at)) found.add(secret);
      }
    }
    return [...found].map((secret) => ({ secret, form: form.name }));
  };
}

function beginningAt(text: string, at: number): number {
  return ((text.charCodeAt(at) & 0xff) << 8) | (text.charCodeAt(at + 1) & 0xff);
}

const wordsInARow = 6;

function searchWords({ name, words = [] }: Secret): Search {
  const own = new Set(words);
  const rows = words
    .slice(0, Math.max(words.length - wordsInARow + 1, 0))
    .map((_, from) => words.slice(from, from + wordsInARow));
  return (content) => {
    if (rows.length === 0) return [];
    const inContent = content.toLowerCase().match(/[a-z]+/g) ?? [];
    // Words of a list may be separated by numbers and markup, or joined without separators.
    const spaced = ` ${inContent.filter((word) => own.has(word)).join(' ')} `;
    const joined = inContent.join('');
    const isFound = rows.some(
      (row) => spaced.includes(` ${row.join(' ')} `) || joined.includes(row.join('')),
    );
    return isFound ? [{ secret: name, form: 'words' }] : [];
  };
}

/** Three spellings: the text as it is, without URL and JSON escapes, and without the zero bytes of UTF-16. */
function spellings(text: string): readonly string[] {
  const unescaped = text.replace(/%([0-9a-f]{2})|\\u00([0-9a-f]{2})|\\(\/)/gi, (_, url, json, slash) =>
    typeof slash === 'string' ? slash : String.fromCharCode(parseInt(String(url ?? json), 16)),
  );
  return [...new Set([text, unescaped, text.replaceAll('\0', '')])];
}
