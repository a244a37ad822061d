import type { LocalNode } from 'cojson';
import { expect, it, vi } from 'vitest';
import { signedInSync } from '../../../test/support/sync/signed-in-sync.ts';
import { createSigningRelay, relayNonce } from '../../../test/support/sync/signing-relay.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { confirmationsOf } from '../confirmations.ts';

const welcome = { maia: 'welcome', principal: 'token', nonce: relayNonce };
const refusal = { maia: 'refused', code: 'unauthorized', reason: 'Unknown issuer.', closing: true };

/** Edits of the account, each in a turn. */
function editsOf({ node }: { readonly node: LocalNode }): () => Promise<void> {
  const map = node.createGroup().createMap();
  let edits = 0;
  return async () => {
    map.set('edit', edits++);
    await Promise.resolve();
  };
}

it('[CONN-20] loses nothing and stays connected while it renews', async () => {
  const relay = createSigningRelay(() => [{ ...welcome, expiresInMs: 20_000 }]);
  let give: (token: string) => void = () => {};
  const token = vi.fn(() => new Promise<string>((resolve) => (give = resolve)));
  const device = await signedInSync(relay, { token });
  const { sync, pass } = device;
  const edit = editsOf(device);
  const disconnects = vi.fn();
  sync.on('disconnect', disconnects);
  await edit();
  await pass(2_000);
  expect(relay.received).toEqual([]);
  expect(sync.current.confirmed.pending).toBeGreaterThan(0);
  give('first');
  await pass(2_000);
  expect(sync.current.status).toBe('confirmed');
  for (let renewals = 1; renewals <= 3; renewals++) {
    for (let second = 0; second < 17; second++) if (token.mock.calls.length === renewals) await pass(1_000);
    expect(token).toHaveBeenCalledTimes(renewals + 1);
    await edit();
    await pass(1_000);
    expect(sync.current.status).toBe('confirmed');
    give(`renewal ${renewals}`);
    await edit();
    await pass(1_000);
    expect(sync.current.status).toBe('confirmed');
  }
  expect(relay.auths.map((auth) => 'token' in auth && auth.token)).toEqual([
    'first',
    'renewal 1',
    'renewal 2',
    'renewal 3',
  ]);
  expect(relay.channels).toBe(1);
  expect(disconnects).not.toHaveBeenCalled();
});

it('[CONN-24] shows the quota of the last sign-in, as long as the relay limits something', async () => {
  const quotas = [
    { bytes: 9, usedBytes: 2.5, usedCoValues: 1 },
    { usedBytes: 3, coValues: 4, usedCoValues: 2 },
    undefined,
  ];
  const relay = createSigningRelay((number) => {
    const quota = quotas[number];
    return [{ ...welcome, expiresInMs: 20_000, ...(quota && { quota: { ...quota, later: true } }) }];
  });
  const { sync, pass } = await signedInSync(relay, { token: () => Promise.resolve('token') });
  const shown = () => sync.current.peers[0]?.quota;
  for (const quota of quotas) {
    await pass(2_000);
    expect(shown()).toEqual(quota);
    expect(sync.current.peers[0]).toHaveProperty('phase', 'connected');
    if (quota === quotas[0]) {
      sync.pause();
      await pass(1_000);
      expect(shown()).toEqual(quota);
      sync.resume();
    } else await pass(15_000);
  }
  expect(sync.current.peers[0]).not.toHaveProperty('quota');
});

it('[CONN-19] tells the app why it is not signed in, keeps the edits, and sends them once it is', async () => {
  let answers: readonly object[] = [];
  const relay = createSigningRelay(() => answers);
  const device = await signedInSync(relay, { token: () => Promise.resolve('CANARY') });
  const { sync, pass } = device;
  const edit = editsOf(device);
  const refused: KernelError[] = [];
  sync.on('refused', ({ error }) => void refused.push(error));
  await edit();
  relay.say(refusal);
  await pass(60_000);
  const { status, error, peers, confirmed } = sync.current;
  expect(status).toBe('failed');
  expect(error).toMatchObject({ code: 'RELAY_UNAUTHORIZED', details: { refusal: 'unauthorized' } });
  expect(error?.message).toMatch(/Unknown issuer\. Sign in again.*edits wait on this device/);
  expect([peers[0]?.phase, relay.channels, relay.received.length]).toEqual(['failed', 1, 0]);
  expect(confirmed.pending).toBeGreaterThan(0);
  expect(refused).toEqual([error]);
  answers = [welcome];
  sync.reconnect();
  await pass(3_000);
  expect(sync.current.status).toBe('confirmed');
});

it('[CONN-22] gives a blocked app the reason, keeps its edits, and tries again after the time that the relay names', async () => {
  const blocked = 'The operator of this relay has blocked this account: Spam';
  const forbidden = {
    ...{ ...refusal, code: 'forbidden', reason: blocked, retryAfterMs: 60_000 },
  };
  let answers: readonly object[] = [welcome];
  const relay = createSigningRelay(() => answers);
  const device = await signedInSync(relay, { token: () => Promise.resolve('token') });
  const { sync, pass } = device;
  const edit = editsOf(device);
  await edit();
  await pass(2_000);
  expect(sync.current.status).toBe('confirmed');
  answers = [forbidden];
  relay.say(forbidden);
  await edit();
  await pass(1_000);
  const isBlocked = () => {
    expect(sync.current).toMatchObject({
      status: 'connecting',
      error: { code: 'RELAY_REFUSED', details: { refusal: 'forbidden', reason: blocked } },
      peers: [{ phase: 'waiting' }],
    });
    expect(sync.current.error?.message).toMatch(
      /account: Spam\. Edits wait on this device.*Retrying automatically/,
    );
    expect(sync.current.confirmed.pending).toBeGreaterThan(0);
  };
  isBlocked();
  await pass(57_000);
  isBlocked();
  expect(relay.channels).toBe(1);
  await pass(3_000);
  expect(relay.channels).toBe(2);
  isBlocked();
  sync.reconnect();
  await pass(1_000);
  expect(relay.channels).toBe(3);
  isBlocked();
  await edit();
  answers = [welcome];
  await pass(61_000);
  expect(relay.channels).toBe(4);
  expect(sync.current.status).toBe('confirmed');
});

it('[CONN-22] does not try again if the relay names no time', async () => {
  const relay = createSigningRelay(() => [{ ...refusal, code: 'forbidden' }]);
  const { sync, pass } = await signedInSync(relay, { token: () => Promise.resolve('token') });
  await pass(400_000);
  expect([sync.current.status, relay.channels]).toEqual(['failed', 1]);
  sync.reconnect();
  await pass(1_000);
  expect(relay.channels).toBe(2);
});

it('lets the session sign in elsewhere at its own relays, and at no other', async () => {
  const { sync } = await signedInSync(createSigningRelay(), 'account');
  const { authAt = () => undefined } = confirmationsOf(sync) ?? {};
  expect(authAt('wss://relay.example/sync')).toBe('account');
  expect(authAt('wss://other.example/sync')).toBeUndefined();
});

it('reports a renewal without a token to the log, and no token or nonce to anyone', async () => {
  const relay = createSigningRelay(() => [{ ...welcome, expiresInMs: 20_000 }]);
  const token = vi.fn(() => Promise.resolve('tokenCANARY'));
  const log = vi.fn();
  const logger: Logger = { debug: log, warn: log };
  const device = await signedInSync(relay, { token }, logger);
  const { sync, pass } = device;
  const edit = editsOf(device);
  await edit();
  await pass(3_000);
  token.mockImplementation(() => Promise.reject(new Error('reasonCANARY')));
  await pass(16_000);
  expect(log).toHaveBeenCalledWith(expect.stringContaining('`auth.token` rejected'), {
    code: 'RELAY_UNAUTHORIZED',
  });
  expect(sync.current.peers[0]?.phase).toBe('connected');
  relay.say({ ...refusal, code: 'expired', reason: `The token tokenCANARY-${'x'.repeat(40)} has ended.` });
  await pass(1_000);
  expect(sync.current.status).toBe('connecting');
  expect(JSON.stringify([log.mock.calls, sync.current])).not.toContain('CANARY');
});
