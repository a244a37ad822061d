/** Undefined if everything matches. An invalid pattern, such as a half-typed one, is searched for literally. */
export function textMatcher(text: string, isPattern: boolean): ((text: string) => boolean) | undefined {
  const wanted = text.trim();
  if (wanted === '') return undefined;
  const pattern = isPattern ? toPattern(wanted) : undefined;
  if (pattern) return (candidate) => pattern.test(candidate);
  const lower = wanted.toLowerCase();
  return (candidate) => candidate.toLowerCase().includes(lower);
}

function toPattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text, 'i');
  } catch {
    return undefined;
  }
}
