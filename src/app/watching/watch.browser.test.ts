import { afterEach, beforeEach, expect, test } from 'vitest';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { endAll } from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { untilSaved } from '../../../test/support/session/until-session.ts';
import { failIndexedDB } from '../../../test/support/storage/failing-indexeddb.ts';
import { until } from '../../../test/support/until.ts';
import { accountDatabase } from '../../storage/account-database.ts';

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

test('[WATCH-10] a stored value shows once this device can read it, and how far it has got', async () => {
  const before = await device.signedUp();
  const { id } = rootOf(before).group.createMap({ title: 'stored' });
  await untilSaved(before);
  await device.closeAll();
  const session = await device.resumed({ sync: false });
  if (!session) throw new Error('the device remembers no account');
  const { name } = accountDatabase(session.accountID);
  const cause = new DOMException('', 'UnknownError');
  endFailure = failIndexedDB((database, mode) => database === name && mode === 'readonly', cause);

  const watched = session.watch(id);
  const stop = watched.subscribe(() => {});
  await until(() => watched.current.state === 'unreadable');
  endFailure();
  await until(() => watched.current.state === 'ready');
  expect(watched.current).toMatchObject({ value: { title: 'stored' }, reached: 'saved' });
  stop();
});
