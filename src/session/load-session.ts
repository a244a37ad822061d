import type { Clock } from '../base/clock.ts';
import { createPart } from '../platform/part.ts';
import { loadStorage } from '../storage/engine-part.ts';
import type * as sessionCode from './lazy-entry.ts';
import type { SessionOptions } from './session.ts';

/** What opens accounts. A page that shows a button needs none of it. */
export const sessionPart = /* @__PURE__ */ createPart(() => import('./lazy-entry.ts'));

type Kept = Pick<SessionOptions, 'remember' | 'storage'>;

/** Fetches all that an open session needs, at the same time. Rejects with KERNEL_NOT_LOADED; the next call tries again. */
export async function loadSession({ remember, storage = 'kernel' }: Kept): Promise<typeof sessionCode> {
  const [code] = await Promise.all([
    sessionPart.load(),
    loadStorage(remember === 'never' ? 'memory' : storage),
  ]);
  return code;
}

/** The same, and cojson's WASM. Nobody has to wait for it: what fails is tried again when it is needed. */
export function prepareSession(kept: Kept): Promise<unknown> {
  const preparing = loadSession(kept).then(({ createSessionCrypto }) => createSessionCrypto());
  preparing.catch(() => {});
  return preparing;
}

/** Safari takes a click for a reason to show a prompt for 5 s. */
const mostMs = 2_000;

/**
 * Resolves when all is there, or when a person who has clicked is to wait no longer; rejects where it is known by then that
 * something cannot be fetched.
 */
export async function preparedInTime(preparing: Promise<unknown>, clock: Clock): Promise<void> {
  let cancel = () => {};
  const late = new Promise<void>((resolve) => (cancel = clock.after(mostMs, resolve)));
  await Promise.race([preparing, late]).finally(cancel);
}
