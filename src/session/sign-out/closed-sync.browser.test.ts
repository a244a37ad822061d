import { afterEach, expect, test } from 'vitest';
import { anotherTab, endAll, refusalOf } from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice } from '../../../test/support/session/test-device.ts';

const device = createTestDevice(indexedDB);
afterEach(() => endAll(device));

test('[LADDER-14] an edit that was made after the sync was closed holds up a sign-out of this run and of later ones', async () => {
  const session = await device.signedUp();
  await session.sync.close();
  const map = session.node.createGroup().createMap({ a: 1 });
  expect((await refusalOf(session.signOut())).details.ids).toContain(map.id);
  await session.close();
  const next = await anotherTab(device);
  expect((await refusalOf(next.signOut())).details.ids).toContain(map.id);
});
