/** A longer text belongs in several items; the kernel's own limit is much higher. */
const maxItemLength = 2_000;

/** Why the text is too long for an item, if it is. A field with `maxlength` would silently lose the end of a pasted text. */
export function tooLong(words: string): string | undefined {
  if (words.length <= maxItemLength) return undefined;
  const [length, limit] = [words.length, maxItemLength].map((count) => count.toLocaleString('en'));
  return `Too long for one item: ${length} characters, and the limit is ${limit}. Make it shorter.`;
}
