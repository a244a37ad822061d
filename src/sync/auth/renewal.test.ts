import { describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import {
  asked,
  auths,
  demand,
  names,
  tokens,
  unauthorized,
  welcome,
  welcomed,
} from '../../../test/support/sync/asking-relay.ts';
import { testHello } from '../../../test/support/transport/test-hello.ts';
import { marginMs } from './relay-sign-in.ts';

const load = { action: 'load', id: 'co_zA', header: false, sessions: {} };

describe('renewal', () => {
  it('[CONN-20] happens on the open channel at 80 % of the time, again and again', async () => {
    const relay = await welcomed(tokens(), 100_000);
    await relay.pass(79_000);
    expect(auths(relay)).toHaveLength(1);
    await relay.pass(1_000);
    expect(auths(relay)).toHaveLength(2);
    await relay.channel.say(load, { ...welcome, expiresInMs: 50_000 });
    await relay.pass(39_000);
    expect(auths(relay)).toHaveLength(2);
    await relay.pass(1_000);
    expect(auths(relay).map(({ token }) => token)).toEqual(['token-1', 'token-2', 'token-3']);
    await relay.channel.say(welcome, load);
    await relay.pass(1_000_000);
    expect(auths(relay)).toHaveLength(3);
    expect(relay.received).toHaveBeenCalledTimes(2);
    expect(relay.ready).toHaveBeenCalledOnce();
    expect(relay.channels).toHaveLength(1);
    expect(names(relay.channel).filter((name) => name === 'hi')).toHaveLength(1);
  });

  it('[CONN-24] brings the quota of this moment, which a relay that asks for no sign-in does not have', async () => {
    const relay = await welcomed(tokens(), 100_000);
    expect(relay.connection.quota).toBeUndefined();
    await relay.pass(80_000);
    relay.changed.mockClear();
    const quota = { bytes: 9, usedBytes: 2.5, usedCoValues: 1 };
    await relay.channel.say({ ...welcome, quota: { ...quota, later: true } });
    expect(relay.connection.quota).toEqual(quota);
    expect(relay.changed).toHaveBeenCalledOnce();
    await relay.channel.close();
    expect(relay.connection.quota).toEqual(quota);
    await relay.pass(2_000);
    await relay.channel.say(testHello, load);
    expect(relay.connection.state.phase).toBe('connected');
    expect(relay.connection.quota).toBeUndefined();
  });

  it('of an account signs the nonce of the last welcome, also after a refusal', async () => {
    const node = await createAccountNode();
    const relay = await asked({ auth: 'account', node });
    await relay.channel.say({ ...welcome, principal: 'account', nonce: 'second', expiresInMs: 20_000 });
    await relay.pass(16_000);
    await relay.channel.say({ ...welcome, principal: 'account', nonce: 'third', expiresInMs: 20_000 });
    await relay.pass(16_000);
    await relay.channel.say({ ...unauthorized, closing: false });
    await relay.pass(1_000);
    const nonces = auths(relay).map(({ proof }) => (proof as { nonce: string }).nonce);
    expect(nonces).toEqual([demand.nonce, 'second', 'third', 'third']);
  });

  it('[CONN-20] is tried again with back-off if the app has no token, until the relay closes', async () => {
    const token = tokens();
    const relay = await welcomed(token, 100_000);
    token.mockImplementation(() => Promise.reject(new Error('CANARY')));
    await relay.pass(80_000);
    expect(token).toHaveBeenCalledTimes(2);
    await relay.pass(20_000);
    const calls = token.mock.calls.length;
    expect(calls).toBeGreaterThan(4);
    expect(calls).toBeLessThan(10);
    expect(relay.connection.state.phase).toBe('connected');
    expect(relay.renewalErrors.map(({ code }) => code)).toContain('RELAY_UNAUTHORIZED');
    expect(JSON.stringify(relay.renewalErrors.map(({ message }) => message))).not.toContain('CANARY');
    token.mockImplementation(() => Promise.resolve('again'));
    for (let second = 0; second < 30 && auths(relay).length < 2; second++) await relay.pass(1_000);
    expect(auths(relay).map(({ token }) => token)).toEqual(['token-1', 'again']);
    await relay.channel.say(welcome);
    expect([relay.connection.state.phase, relay.channels.length]).toEqual(['connected', 1]);
  });

  it('that the relay refuses for now, without closing, is tried again after its time', async () => {
    const relay = await welcomed(tokens(), 20_000);
    await relay.pass(16_000);
    await relay.channel.say({ ...unauthorized, closing: false, retryAfterMs: 7_000 });
    await relay.pass(6_000);
    expect(auths(relay)).toHaveLength(2);
    await relay.pass(1_000);
    expect(auths(relay)).toHaveLength(3);
    await relay.channel.say(
      { ...unauthorized, closing: false, code: 'limit' },
      { ...unauthorized, closing: false, id: 'co_zA' },
    );
    await relay.pass(5_000);
    expect(auths(relay)).toHaveLength(3);
    expect(relay.channel.isOpen).toBe(true);
    expect(relay.renewalErrors).toEqual([]); // `refused` reports it.
  });

  it('that the relay refuses while it closes ends as any refusal', async () => {
    const relay = await welcomed(tokens(), 20_000);
    await relay.pass(16_000);
    await relay.channel.say(unauthorized);
    expect(relay.connection.state.phase).toBe('failed');
  });

  it('without an answer is tried again on the same connection, and late answers count', async () => {
    const relay = await welcomed(tokens(), 200_000);
    await relay.pass(160_000);
    expect(auths(relay)).toHaveLength(2);
    await relay.pass(demand.withinMs + marginMs + 2_000);
    expect(auths(relay)).toHaveLength(3);
    await relay.channel.say(welcome, welcome);
    expect([relay.channels.length, relay.connection.state.phase]).toEqual([1, 'connected']);
    await relay.channel.say(welcome);
    expect(relay.connection.state.phase).not.toBe('connected');
  });

  it('is not begun by a refusal of something else, or by one that answers nothing', async () => {
    const relay = await welcomed(tokens(), 100_000);
    await relay.channel.say(
      { ...unauthorized, closing: false },
      { ...unauthorized, closing: false, id: 'co_zA' },
      { ...unauthorized, closing: false, code: 'limit' },
    );
    await relay.pass(60_000);
    expect(auths(relay)).toHaveLength(1);
    expect(relay.connection.state.phase).toBe('connected');
  });

  it.each([0.001, 1])('is not done without end for a relay that grants %d ms', async (expiresInMs) => {
    const relay = await welcomed(tokens(), expiresInMs);
    for (let second = 0; second < 60; second++) {
      const before = auths(relay).length;
      await relay.pass(1_000);
      if (auths(relay).length > before) await relay.channel.say({ ...welcome, expiresInMs });
    }
    expect(auths(relay).length).toBeLessThanOrEqual(7);
    expect(relay.channels).toHaveLength(1);
  });

  it('waits as long as it must for a relay that grants 1e300 ms', async () => {
    const relay = await welcomed(tokens(), 1e300);
    await relay.pass(600_000);
    expect(auths(relay)).toHaveLength(1);
    expect(relay.connection.state.phase).toBe('connected');
  });

  it('stops with the connection', async () => {
    const token = tokens();
    const relay = await welcomed(token, 20_000);
    relay.connection.pause();
    await relay.pass(60_000);
    expect(token).toHaveBeenCalledOnce();
    expect(relay.clock.waiting).toBe(0);
  });

  it('[CONN-20] that the relay answers late does not end a connection that is still signed in', async () => {
    const relay = await welcomed(tokens(), 600_000);
    await relay.pass(481_000);
    expect(auths(relay)).toHaveLength(2);
    // The renewal waits behind an upload over a slow network; the relay pings all the time.
    await relay.pass(20_000);
    expect(relay.connection.state.phase).toBe('connected');
    expect(relay.renewalErrors).toMatchObject([{ code: 'RELAY_UNAUTHORIZED' }]);
  });

  it('[CONN-19] that the relay refuses cannot be put off for more than five minutes', async () => {
    const relay = await welcomed(tokens(), 3_600_000);
    await relay.pass(2_881_000);
    expect(auths(relay)).toHaveLength(2);
    await relay.channel.say({ ...unauthorized, closing: false, retryAfterMs: 1e12 });
    await relay.pass(301_000);
    expect(auths(relay)).toHaveLength(3);
  });
});
