import { expect, it } from 'vitest';
import { signToken } from '../support/auth/signing-key.ts';
import { openDevice, readElsewhere, startAskingRelay } from '../support/auth/asked-devices.ts';
import { createSharedMap } from '../support/relay/test-relay.ts';
import { until } from '../support/until.ts';

it('a device renews its token in the middle of editing, on the same connection, and loses nothing', async () => {
  const { key, relay } = await startAskingRelay();
  let tokens = 0;
  const auth = {
    token() {
      tokens++;
      return signToken(key, { exp: Math.floor(Date.now() / 1_000) + 12 });
    },
  };
  const { node, sync, dialled } = await openDevice(relay.url, auth);
  const map = createSharedMap(node);
  let edits = 0;
  await until(() => {
    map.set(`edit ${edits % 50}`, edits++);
    expect(tokens).toBe(3);
  }, 50_000);
  await sync.whenConfirmed();
  expect([dialled.count, sync.current.error]).toEqual([1, undefined]);
  const read = await readElsewhere(relay.url, 'account', map);
  // Long sessions arrive in pieces.
  await until(() => expect(read.core.knownState()).toEqual(map.core.knownState()));
});
