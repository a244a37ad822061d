import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { endAll } from '../../../test/support/session/sign-out-helpers.ts';
import { untilSaved } from '../../../test/support/session/until-session.ts';
import { failIndexedDB } from '../../../test/support/storage/failing-indexeddb.ts';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { accountDatabase } from '../../storage/account-database.ts';
import type { Session } from '../../session/session.ts';

// A device without a network, with Chromium's own IndexedDB.

let device: TestDevice;
let endFailure = () => {};
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  endFailure();
  await endAll(device);
});

async function reloadedWithMap(): Promise<{ readonly session: Session; readonly id: string }> {
  const before = await device.signedUp();
  const { id } = rootOf(before).group.createMap({ title: 'stored' });
  await untilSaved(before);
  await device.closeAll();
  const session = await device.resumed({ sync: { url: 'ws://127.0.0.1:9' } });
  if (!session) throw new Error('the device remembers no account');
  return { session, id };
}

test('[LOAD-1] a load resolves without a network with what the device stored', async () => {
  const { session, id } = await reloadedWithMap();
  expect((await session.load(id)).get('title')).toBe('stored');
});

test('[LOAD-5] a load of what the device does not have ends without a network', async () => {
  const { session } = await reloadedWithMap();
  const loading = session.load('co_zNobodyHasThis', { timeoutMs: 300 });
  await expect(loading).rejects.toMatchObject({ code: 'TIMEOUT', details: { because: 'offline' } });
});

test('[LOAD-7] a load of what the device cannot read rejects with CO_VALUE_UNREADABLE, until it can', async () => {
  const { session, id } = await reloadedWithMap();
  const cause = new DOMException('', 'UnknownError');
  const { name } = accountDatabase(session.accountID);
  endFailure = failIndexedDB((database, mode) => database === name && mode === 'readonly', cause);
  const error = { code: 'CO_VALUE_UNREADABLE', details: { id }, cause: { cause } };
  await expect(session.load(id)).rejects.toMatchObject(error);
  endFailure();
  expect((await session.load(id)).get('title')).toBe('stored');
});
