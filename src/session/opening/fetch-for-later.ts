import type { Platform } from '../../platform/platform.ts';

/** Leaves the network to the open session first. */
const whenOpenMs = 10_000;

/** Fetches parts of the app in advance: at first use, the page may be offline or the file gone. Returns a function that stops it. */
export function fetchForLater(
  { clock, page }: Pick<Platform, 'clock' | 'page'>,
  ...fetchParts: readonly (() => Promise<unknown>)[]
): () => void {
  // A failure is not fatal: the next use fetches the part again and reports the error.
  const fetchAll = () => {
    for (const fetchPart of fetchParts) fetchPart().catch(() => {});
  };
  const ends = [clock.after(whenOpenMs, fetchAll), page.on('online', fetchAll)];
  return () => {
    for (const end of ends) end();
  };
}
