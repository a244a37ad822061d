import { describe, expect, it } from 'vitest';
import { createSigningKey, signToken } from '../support/auth/signing-key.ts';
import { openDevice, readElsewhere, startAskingRelay } from '../support/auth/asked-devices.ts';
import { createSharedMap } from '../support/relay/test-relay.ts';
import { until } from '../support/until.ts';

describe('a device at our relay, which requires signing in', () => {
  it('syncs by a token, and another one by its account', async () => {
    const { key, relay } = await startAskingRelay();
    const one = await openDevice(relay.url, { token: () => signToken(key) });
    const map = createSharedMap(one.node);
    map.set('word', 'signed in', 'trusting');
    await one.sync.whenConfirmed();
    expect((await readElsewhere(relay.url, 'account', map)).get('word')).toBe('signed in');
  });

  it('is refused with a wrong token, and loses no edit until it has a right one', async () => {
    const [{ key, relay }, stranger] = await Promise.all([startAskingRelay(), createSigningKey('key')]);
    let signer = stranger;
    const { node, sync } = await openDevice(relay.url, { token: () => signToken(signer) });
    const map = createSharedMap(node);
    map.set('word', 'waits', 'trusting');
    await until(() => expect(sync.current.error?.code).toBe('RELAY_UNAUTHORIZED'));
    expect(sync.current.error?.message).toContain('its signature is wrong');
    signer = key;
    sync.reconnect();
    await sync.whenConfirmed();
    expect((await readElsewhere(relay.url, 'account', map)).get('word')).toBe('waits');
  });

  it('that has set up nothing is refused with what to do', async () => {
    const { relay } = await startAskingRelay();
    const { sync } = await openDevice(relay.url);
    await until(() => expect(sync.current.error?.code).toBe('RELAY_UNAUTHORIZED'));
    expect(sync.current.error?.message).toContain('passes no `auth`');
  });
});
