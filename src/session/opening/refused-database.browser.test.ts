import { afterEach, expect, test, vi } from 'vitest';
import { createTestDevice } from '../../../test/support/session/test-device.ts';
import { accountDatabase } from '../../storage/account-database.ts';
import { until } from '../../../test/support/until.ts';

const device = createTestDevice(indexedDB);
const sync = { url: 'ws://127.0.0.1:9' };

afterEach(async () => {
  vi.restoreAllMocks();
  await device.end();
});

/** The browser opens no such database, as when its file is damaged. */
function refuse(isRefused: (name: string) => boolean): void {
  const open = indexedDB.open.bind(indexedDB);
  vi.spyOn(indexedDB, 'open').mockImplementation((name, version) => {
    if (isRefused(name)) throw new DOMException('Internal error opening backing store.', 'UnknownError');
    return open(name, version);
  });
}

test('[STORE-11] while the browser refuses the database of an earlier run, nothing counts as confirmed', async () => {
  const { accountID } = await device.signedUp();
  await device.closeAll();
  refuse((name) => name === accountDatabase(accountID).name);
  const session = await device.resumed({ sync });
  await until(() => expect(session?.sync.current.peers).toHaveLength(1));
  expect(session?.storage.current).toMatchObject({ state: 'memory-only' });
  expect(session?.sync.current.confirmed.known).toBe(false);
  await expect(session?.signOut()).rejects.toMatchObject({ code: 'UNSYNCED_CHANGES' });
});

test('a browser that refuses to create a database holds up nothing', async () => {
  refuse((name) => name.startsWith('maia-co_'));
  const session = await device.signedUp({ sync });
  expect(session.storage.current).toMatchObject({ state: 'memory-only' });
  await until(() => expect(session.sync.current.confirmed.known).toBe(true));
});
