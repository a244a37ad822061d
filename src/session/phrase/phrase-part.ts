import { createPart } from '../../platform/part.ts';
import type { Platform } from '../../platform/platform.ts';

/** The words of the recovery phrase, whose list is long. */
export const phrasePart = /* @__PURE__ */ createPart(() => import('./recovery-phrase.ts'));

/** What an open session needs first comes first. */
const whenOpenMs = 10_000;

/**
 * Fetches what an open session may still need, once it is open and again when there is a network: it may be offline by
 * then, or a deployment may have taken it away. Returns the end.
 */
export function fetchForLater(
  { clock, page }: Pick<Platform, 'clock' | 'page'>,
  loadPart: () => Promise<unknown> = () => phrasePart.load(),
): () => void {
  // Where it fails, it is tried again when it is needed, and told then.
  const load = () => void loadPart().catch(() => {});
  const ends = [clock.after(whenOpenMs, load), page.on('online', load)];
  return () => {
    for (const end of ends) end();
  };
}
