/** Undefined where everything matches. A pattern that is half typed is none yet: it is looked for as it stands. */
export function textMatcher(text: string, isPattern: boolean): ((words: string) => boolean) | undefined {
  const wanted = text.trim();
  if (wanted === '') return undefined;
  const pattern = isPattern ? toPattern(wanted) : undefined;
  if (pattern) return (words) => pattern.test(words);
  const lower = wanted.toLowerCase();
  return (words) => words.toLowerCase().includes(lower);
}

function toPattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text, 'i');
  } catch {
    return undefined;
  }
}
