import { expect, it, onTestFinished } from 'vitest';
import { openDevice } from '../../../test/support/auth/asked-devices.ts';
import { createSharedMap, openRelay, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

it('[RELAY-61] the process that runs a relay blocks an account and unblocks it', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const { node, sync } = await openDevice(relay.url, 'account');
  const accountID = node.getCurrentAgent().id;
  const map = createSharedMap(node);
  await sync.whenConfirmed();
  await relay.block(accountID, 'Spam');
  await until(() => expect(sync.current.error).toMatchObject({ details: { refusal: 'forbidden' } }));
  map.set('word', 'kept', 'trusting');
  await relay.unblock(accountID);
  sync.reconnect();
  await sync.whenConfirmed();
});

it('refuses what no account or reason can be, and reports a database that did not store it', async () => {
  let isBroken = false;
  const relay = await openRelay({ storage: 'memory:' }, (database) => ({
    ...database,
    write: (...asked) =>
      isBroken ? Promise.reject(new Error('The database is gone.')) : database.write(...asked),
  }));
  onTestFinished(relay.close);
  await expect(relay.block('me')).rejects.toThrow(TypeError);
  await expect(relay.block('co_zA', 'a'.repeat(201))).rejects.toThrow(TypeError);
  await expect(relay.unblock('')).rejects.toThrow(TypeError);
  isBroken = true;
  await expect(relay.block('co_zA')).rejects.toMatchObject({ code: 'RELAY_STORAGE_FAILED' });
});
