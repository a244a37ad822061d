import type { Invite } from './sharing-types.ts';

/**
 * The hint of a link by jazz-tools follows `/invite`. A hash router may put a word before it. What follows the ID may have several
 * lines: a search for an end of the text on the same line would begin again with each `#`.
 */
const form = /#(?:\/[^/]+)?\/invite\/(?:(?!co_)[^/]+\/)?(co_[^/]*)\/?(.*)$/s;

/** Also finds an invite that is cut off, so that `acceptInvite` can explain it. */
export function findInvite(text: string): Invite | undefined {
  const [, id, secret] = form.exec(text.trim()) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}
