import type { WriteGate } from '../../engine/session-crypto.ts';
import { followPage } from './follow-page.ts';
import { sessionFrozen } from './session-id-errors.ts';

/** Stops writes while the page is frozen, then continues or replaces the session. Returns a function that stops it. */
export function resumeAfterPage(
  parts: Pick<Parameters<typeof followPage>[0], 'page' | 'lease' | 'isClean' | 'onLost'> & {
    readonly edits: WriteGate;
  },
): () => void {
  const { edits, ...followed } = parts;
  let allow: (() => void) | undefined;
  return followPage({
    ...followed,
    onReleased() {
      allow ??= edits.refuse(sessionFrozen);
    },
    onReclaimed() {
      allow?.();
      allow = undefined;
    },
  });
}
