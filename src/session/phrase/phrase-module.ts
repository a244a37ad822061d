import { createLazyModule } from '../../base/lazy-module.ts';
import type { Platform } from '../../platform/platform.ts';

/** The recovery phrase's word list is long, so it loads on demand. */
export const phraseModule = /* @__PURE__ */ createLazyModule(() => import('./recovery-phrase.ts'));

/** Leaves the network to the open session first. */
const whenOpenMs = 10_000;

/** Loads in advance: at first use, the page may be offline or the file gone. Returns a function that stops it. */
export function fetchForLater(
  { clock, page }: Pick<Platform, 'clock' | 'page'>,
  loadPart: () => Promise<unknown> = () => phraseModule.load(),
): () => void {
  // A failure is not fatal: the next use loads it again and reports the error.
  const load = () => void loadPart().catch(() => {});
  const ends = [clock.after(whenOpenMs, load), page.on('online', load)];
  return () => {
    for (const end of ends) end();
  };
}
