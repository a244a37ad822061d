/** Longer words belong in several items; the kernel's own limit is much higher. */
const maxItemLength = 2_000;

/** Why the words are too long for an item, if they are. A field that cuts them off would lose them unseen. */
export function tooLong(words: string): string | undefined {
  if (words.length <= maxItemLength) return undefined;
  const [length, limit] = [words.length, maxItemLength].map((count) => count.toLocaleString('en'));
  return `Too long for one item: ${length} characters. The limit is ${limit} characters. Make it shorter.`;
}
