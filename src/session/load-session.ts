import type { Clock } from '../base/clock.ts';
import { createLazyModule } from '../base/lazy-module.ts';
import { loadStorage } from '../storage/storage-modules.ts';
import type * as sessionCode from './lazy-entry.ts';
import type { SessionOptions } from './session-options.ts';

/** Opens accounts. A page that only shows a sign-in button does not need it. */
export const sessionModule = /* @__PURE__ */ createLazyModule(() => import('./lazy-entry.ts'));

type Kept = Pick<SessionOptions, 'remember' | 'storage'>;

/** Fetches everything that an open session needs, in parallel. Rejects with KERNEL_NOT_LOADED; the next call retries. */
export async function loadSession({ remember, storage = 'kernel' }: Kept): Promise<typeof sessionCode> {
  const [code] = await Promise.all([
    sessionModule.load(),
    loadStorage(remember === 'never' ? 'memory' : storage),
  ]);
  return code;
}

/** Like `loadSession`, and also loads cojson's WASM. Callers may ignore the result: a failed load is retried when needed. */
export function prepareSession(kept: Kept): Promise<unknown> {
  const preparing = loadSession(kept).then(({ createSessionCrypto }) => createSessionCrypto());
  preparing.catch(() => {});
  return preparing;
}

/** Safari allows a prompt within 5 s after a click. */
const maxWaitMs = 2_000;

/** Resolves when everything is loaded, or when a user who clicked must not wait longer. Rejects if loading fails first. */
export async function preparedInTime(preparing: Promise<unknown>, clock: Clock): Promise<void> {
  let cancel = () => {};
  const late = new Promise<void>((resolve) => (cancel = clock.after(maxWaitMs, resolve)));
  await Promise.race([preparing, late]).finally(cancel);
}
