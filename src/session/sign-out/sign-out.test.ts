import { expect, it, vi } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createFakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { silentLogger } from '../../base/logger.ts';
import { offerConfirmations, type Confirmations } from '../../sync/confirmations.ts';
import type { SessionTabs } from './session-tabs.ts';
import { createSignOut } from './sign-out.ts';
import type { UnsyncedEdits } from './unsynced-edits.ts';

const none: UnsyncedEdits = { ids: [], isWhole: true };

/** Signs out while the relay comes into doubt when the other tabs are asked for the given step. */
async function signOutInDoubt(step: 'ask' | 'holdOthers') {
  let isSure = true;
  const sync = createFakeSync(await createAgentNode(), 0);
  const confirmations: Partial<Confirmations> = {
    settled: Promise.resolve(),
    leftByAll: () => Promise.resolve([]),
    isSure: () => isSure,
  };
  offerConfirmations(sync, confirmations as Confirmations);
  const answer = (asked: typeof step) => () => {
    if (asked === step) isSure = false;
    return Promise.resolve(none);
  };
  const tabs: Partial<SessionTabs> = {
    ask: answer('ask'),
    holdOthers: vi.fn(answer('holdOthers')),
    endOthers: vi.fn(() => Promise.resolve()),
    serve: () => {},
  };
  const close = vi.fn(() => Promise.resolve());
  const allow = vi.fn();
  const { signOut } = createSignOut({
    platform: {
      ...createNodePlatform(),
      ...{ indexedDB: undefined, locks: undefined, marks: undefined },
      openTabChannel: () => undefined,
    },
    accountID: 'co_z1',
    sync,
    edits: { refuse: () => allow },
    life: () => ({ close, whenEnded: () => Promise.resolve() }),
    tabs: tabs as SessionTabs,
    isKept: false,
    logger: silentLogger,
  });
  return { signOut, tabs, close, allow };
}

it.each(['ask', 'holdOthers'] as const)(
  '[ACC-16] a sign-out is refused if the relay comes into doubt during `%s`, and no tab ends',
  async (step) => {
    const { signOut, tabs, close, allow } = await signOutInDoubt(step);
    await expect(signOut()).rejects.toMatchObject({ code: 'UNSYNCED_CHANGES' });
    expect(tabs.endOthers).not.toHaveBeenCalled();
    expect(allow).toHaveBeenCalledTimes(step === 'ask' ? 0 : 1);
    expect(close).not.toHaveBeenCalled();
  },
);

it('a sign-out that keeps the encrypted data goes on although the relay is in doubt', async () => {
  const { signOut, close } = await signOutInDoubt('ask');
  await signOut({ keepEncryptedData: true });
  expect(close).toHaveBeenCalledOnce();
});
