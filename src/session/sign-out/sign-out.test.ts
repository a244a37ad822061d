import { describe, expect, it, vi } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createFakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { silentLogger } from '../../base/logger.ts';
import { offerConfirmations, type Confirmations } from '../../sync/confirmations.ts';
import type { SessionTabs, TabAnswers } from './session-tabs.ts';
import { createSignOut } from './sign-out.ts';
import type { UnsyncedEdits } from './unsynced-edits.ts';
import { until } from '../../../test/support/until.ts';

const none: UnsyncedEdits = { ids: [], isWhole: true };

/** Signs out while the relay comes into doubt when the other tabs are asked for the given step. */
async function signOutInDoubt(step?: 'ask' | 'holdOthers', isKept = false, indexedDB?: IDBFactory) {
  let answers: TabAnswers | undefined;
  let isSure = true;
  const sync = createFakeSync(await createAgentNode(), 0);
  const confirmations: Partial<Confirmations> = {
    settled: Promise.resolve(),
    leftByAll: () => Promise.resolve([]),
    isSure: () => isSure,
  };
  offerConfirmations(sync, confirmations as Confirmations);
  const answer = (asked: 'ask' | 'holdOthers') => () => {
    if (asked === step) isSure = false;
    return Promise.resolve(none);
  };
  const tabs: Partial<SessionTabs> = {
    ask: answer('ask'),
    holdOthers: vi.fn(answer('holdOthers')),
    endOthers: vi.fn(() => Promise.resolve()),
    serve: (its) => (answers = its),
  };
  const close = vi.fn(async () => {
    await Promise.resolve();
    here.end();
  });
  const allow = vi.fn();
  const here = createSignOut({
    platform: {
      ...createNodePlatform(),
      ...{ indexedDB, locks: undefined, marks: undefined },
      openTabChannel: () => undefined,
    },
    accountID: 'co_z1',
    sync,
    edits: { refuse: () => allow },
    life: () => ({ close, whenEnded: () => Promise.resolve() }),
    tabs: tabs as SessionTabs,
    isKept,
    logger: silentLogger,
  });
  return { ...here, tabs, close, allow, answers };
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

describe('[ACC-16] if another tab counts changes that this one knows to be confirmed', () => {
  const some: UnsyncedEdits = { ids: ['co_zMap'], isWhole: true };

  it('it is asked again, because it may not have heard', async () => {
    const { signOut, tabs } = await signOutInDoubt();
    tabs.ask = vi.fn(() => Promise.resolve(none)).mockResolvedValueOnce(some);
    await signOut();
    expect(tabs.ask).toHaveBeenCalledTimes(2);
  });

  it('a sign-out is refused if it still counts them later', async () => {
    const { signOut, tabs } = await signOutInDoubt();
    tabs.ask = vi.fn(() => Promise.resolve(some));
    await expect(signOut()).rejects.toMatchObject({ details: { ids: some.ids } });
    expect(tabs.ask).toHaveBeenCalledTimes(5);
    expect(tabs.holdOthers).not.toHaveBeenCalled();
  });

  it('a sign-out is refused if it has others when no tab accepts edits', async () => {
    const { signOut, tabs } = await signOutInDoubt();
    tabs.holdOthers = vi.fn(() => Promise.resolve(some));
    await expect(signOut()).rejects.toMatchObject({ details: { ids: some.ids } });
    expect(tabs.endOthers).not.toHaveBeenCalled();
  });
});

it('a sign-out that keeps the encrypted data goes on although the relay is in doubt', async () => {
  const { signOut, close } = await signOutInDoubt('ask');
  await signOut({ keepEncryptedData: true });
  expect(close).toHaveBeenCalledOnce();
});

describe('after a sign-out that kept the encrypted data, on the same session', () => {
  const kept = { keepEncryptedData: true };

  it('one that deletes it is refused, and says how to delete it', async () => {
    const { signOut } = await signOutInDoubt(undefined, true);
    const [, second] = await Promise.allSettled([signOut(kept), signOut()]);
    expect(second).toMatchObject({ reason: { code: 'SESSION_CLOSED' } });
    await expect(signOut({ discardUnsynced: true })).rejects.toMatchObject({
      code: 'SESSION_CLOSED',
      message: expect.stringContaining('To remove the account’s data from this device') as string,
    });
  });

  it('one that keeps it, too, resolves', async () => {
    const { signOut } = await signOutInDoubt(undefined, true);
    await signOut(kept);
    await expect(signOut()).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
    await signOut(kept);
    await signOut({ ...kept, discardUnsynced: true });
  });

  it('every one resolves if the device keeps nothing', async () => {
    const { signOut } = await signOutInDoubt();
    await signOut(kept);
    await signOut();
  });
});

it('after a sign-out that deleted the data, every other one resolves', async () => {
  const { signOut } = await signOutInDoubt(undefined, true);
  await signOut();
  await signOut({ keepEncryptedData: true });
  await signOut({ discardUnsynced: true });
});

it('a tab that another one held accepts edits only once it has read that the account is not signed out', async () => {
  const open = vi.fn(() => {
    throw new DOMException('no data', 'UnknownError');
  });
  const { answers, allow, end } = await signOutInDoubt(undefined, true, { open } as unknown as IDBFactory);
  await answers?.hold('relay', Promise.resolve());
  await until(() => expect(open).toHaveBeenCalledTimes(2));
  expect(allow).not.toHaveBeenCalled();
  end();
});
