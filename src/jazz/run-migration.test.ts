import { co, Group, z } from 'jazz-tools';
import { describe, expect, it } from 'vitest';
import { useTestRelay } from '../../test/support/session/sessions-at-relay.ts';
import { createKernelError } from '../base/kernel-error.ts';
import { signInWithRecoveryPhrase, signUpWithRecoveryPhrase, type Session } from '../index.ts';
import { createTestSession } from '../testing/test-session.ts';
import { createJazzManager } from './index.ts';

const Notes = co.list(z.string());
const Root = co.map({ notes: Notes, version: z.number() });
let runs = 0;
/** As the guide writes a migration: it adds what the root lacks. */
// eslint-disable-next-line @typescript-eslint/no-misused-promises -- jazz-tools awaits it, whatever its type.
const AppAccount = co.account({ root: Root, profile: co.profile() }).withMigration(async (account) => {
  runs++;
  const { root } = await account.$jazz.ensureLoaded({ resolve: { root: true } });
  if (root.$jazz.has('notes')) return;
  root.$jazz.set('notes', Notes.create([], Group.create()));
  root.$jazz.set('version', 1);
});

const { url, kept } = useTestRelay();

async function notesOf(session: Session) {
  const { me, migrated } = createJazzManager(session, { AccountSchema: AppAccount });
  await migrated;
  const { root } = await me.$jazz.ensureLoaded({ resolve: { root: { notes: true } } });
  return root.notes;
}

describe('[JAZZ-4] the migration of an account schema', { timeout: 60_000 }, () => {
  it('fills the root that the kernel made, and replaces neither it nor the profile', async () => {
    const session = kept(await createTestSession());
    const before = [session.account.get('root'), session.account.get('profile')];
    const notes = await notesOf(session);
    notes.$jazz.push('first');
    expect([session.account.get('root'), session.account.get('profile')]).toEqual(before);
    expect([...(await notesOf(session))]).toEqual(['first']);
  });

  it('runs once for a session, also when two managers are created at once', async () => {
    const session = kept(await createTestSession());
    runs = 0;
    const managers = [1, 2].map(() => createJazzManager(session, { AccountSchema: AppAccount }));
    await Promise.all(managers.map(({ migrated }) => migrated));
    expect(runs).toBe(1);
  });

  it('waits on a new device for what the relay has of the account, and overwrites none of it', async () => {
    const options = { remember: 'never', sync: { url: url() } } as const;
    const { session, phrase } = await signUpWithRecoveryPhrase({ ...options, anotherAccount: true });
    const notes = await notesOf(kept(session));
    notes.$jazz.push('from the first device');
    await session.sync.whenConfirmed();
    const inbox = await session.load(session.account.get('profile') ?? '');
    await session.close();
    const other = kept(await signInWithRecoveryPhrase(phrase, options));
    expect([...(await notesOf(other))]).toEqual(['from the first device']);
    const there = await other.load(other.account.get('profile') ?? '');
    expect(there.get('inbox')).toBe(inbox.get('inbox'));
  });

  it('goes on after ten seconds without a relay', async () => {
    const session = kept(await createTestSession({ relayUrl: url(), faults: { seed: 1, refuse: 1 } }));
    expect([...(await notesOf(session))]).toEqual([]);
  });

  it('is refused while a connected relay gives no answer, and runs once it does', async () => {
    const session = kept(await createTestSession({ relayUrl: url() }));
    const confirmed = session.sync.whenConfirmed;
    const late = createKernelError('TIMEOUT', 'late', { details: { rung: 'confirmed' } as never });
    const silent = { ...session.sync, whenConfirmed: (): Promise<void> => Promise.reject(late) };
    const slow = { ...session, sync: silent };
    runs = 0;
    const first = createJazzManager(slow, { AccountSchema: AppAccount });
    await expect(first.migrated).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(runs).toBe(0);
    silent.whenConfirmed = confirmed;
    await createJazzManager(slow, { AccountSchema: AppAccount }).migrated;
    expect(runs).toBe(1);
  });

  it('rejects with what it throws', async () => {
    const session = kept(await createTestSession());
    const Broken = co.account({ root: Root, profile: co.profile() }).withMigration(() => {
      throw new RangeError('no');
    });
    await expect(createJazzManager(session, { AccountSchema: Broken }).migrated).rejects.toThrow(RangeError);
  });
});
