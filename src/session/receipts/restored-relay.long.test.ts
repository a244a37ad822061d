import { cp, rm } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createFakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import { createTestSessions } from '../../../test/support/session/test-sessions.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { kernelMapOf } from '../../../test/support/session/account-parts.ts';
import { until } from '../../../test/support/until.ts';
import type { SyncEvents } from '../../sync/sync-events.ts';
import { signIn } from '../sign-in.ts';
import { signUp } from '../sign-up/sign-up.ts';
import type { Session } from '../session.ts';

/** Two devices of one account. The relay is restored to a copy from before the second session of the first device. */
async function liveThroughRestore(how: 'noticed' | 'hidden') {
  const directory = await createStorage();
  const backup = await createDirectory();
  const sessions = await createTestSessions();
  onTestFinished(sessions.end);
  const passkeys = createFakePasskeys();
  const device = () => ({ ...sessions.device(), passkeys });
  let relay = await startRelay({ storage: `pglite:${directory}` });
  const { port } = relay;
  const options = { sync: { url: `${relay.url}/sync` } };
  const lost: SyncEvents['lost'][] = [];
  const open = async (opening: Promise<Session>) => {
    const session = await opening;
    sessions.onEnd(() => session.close());
    session.sync.on('lost', (detail) => lost.push(detail));
    return session;
  };
  const restart = async () => {
    await relay.close();
    relay = await startRelay({ storage: `pglite:${directory}`, port });
  };
  const first = await open(signUp(device(), options));
  await first.sync.whenConfirmed();
  first.sync.pause();
  await relay.close();
  // Wrongly, the state directory is restored as well.
  const restored = how === 'hidden' ? ['', '.state'] : [''];
  for (const part of restored) await cp(directory + part, backup + part, { recursive: true });
  // Each start adds a mark.
  for (let start = 0; start < 3; start++) await restart();
  first.sync.resume();
  const map = first.node.createGroup().createMap({ word: 'kept' });
  await first.sync.whenConfirmed();
  const recorded = () =>
    kernelMapOf(first)
      .keys()
      .some((key) => key.startsWith('receipt/'));
  await until(() => expect(recorded()).toBe(true));
  await first.sync.whenConfirmed();
  first.sync.pause();
  await relay.close();
  for (const part of restored) {
    await rm(directory + part, { recursive: true });
    await cp(backup + part, directory + part, { recursive: true });
  }
  await restart();
  first.sync.resume();
  return { first, map, lost, open, device, options };
}

it('[RECEIPT-5] [RECEIPT-6] a relay that hides that it was restored is proved, and gets what it lacks', async () => {
  const { first, map, lost, open, device, options } = await liveThroughRestore('hidden');
  await until(() => expect(lost).toHaveLength(1));
  const [{ why, error, contradiction }] = lost as [SyncEvents['lost']];
  expect([why, error.code]).toEqual(['rollback', 'RELAY_CONTRADICTION']);
  expect(contradiction.later.receipt.n).toBeLessThan(contradiction.earlier.receipt.n);
  expect(first.sync.current.peers[0]?.contradiction).toEqual(contradiction);
  await first.sync.whenConfirmed();
  const second = await open(signIn(device(), options));
  await until(() => expect(lost).toHaveLength(2));
  expect(lost[1]?.contradiction).toEqual(contradiction);
  const loaded = await second.node.load(map.id);
  expect(loaded !== 'unavailable' && loaded.get('word')).toBe('kept');
});

it('[RECEIPT-4] a relay that notices that it was restored causes no alarm', async () => {
  const { first, map, lost, open, device, options } = await liveThroughRestore('noticed');
  await first.sync.whenConfirmed();
  const second = await open(signIn(device(), options));
  const loaded = await second.node.load(map.id);
  expect(loaded !== 'unavailable' && loaded.get('word')).toBe('kept');
  await second.sync.whenConfirmed();
  expect(lost).toEqual([]);
});
