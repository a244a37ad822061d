import type { EditGate } from '../account/edit-gate.ts';
import { followPage } from './follow-page.ts';
import { sessionSetAside } from './session-id-errors.ts';

/**
 * Keeps a session from writing while its page is set aside, and lets it go on, or somebody take its place, when the page
 * is back. Returns the end.
 */
export function goOnAfterPage(
  parts: Pick<Parameters<typeof followPage>[0], 'page' | 'lease' | 'isClean' | 'onLost'> & {
    readonly edits: EditGate;
  },
): () => void {
  const { edits, ...followed } = parts;
  let allow: (() => void) | undefined;
  return followPage({
    ...followed,
    onGivenUp() {
      allow ??= edits.refuse(sessionSetAside);
    },
    onTakenBack() {
      allow?.();
      allow = undefined;
    },
  });
}
