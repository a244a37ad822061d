import { createLazyModule } from '../../base/lazy-module.ts';
import { proveOwner } from '../passkeys/prove-owner.ts';
import type { Session } from '../session.ts';
import type { ErasableAccount } from './erasable-account.ts';

/** Few people need it. It needs the network, so it may be fetched only then. */
const module = /* @__PURE__ */ createLazyModule(() => import('./erase-account.ts'));

export function createAccountErasure(
  account: ErasableAccount,
): Pick<Session, 'previewErasure' | 'eraseAccount'> {
  return {
    async previewErasure({ signal } = {}) {
      account.seed.requireHeld();
      return (await module.load()).previewErasure(account, signal);
    },
    async eraseAccount({ phrase, signal } = {}) {
      module.load().catch(() => {});
      await proveOwner(account, { phrase, signal });
      return (await module.load()).eraseAccount(account, signal);
    },
  };
}
