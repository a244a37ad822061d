import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startStockRelay, type StockRelay } from '../../test/support/sync/stock-relay.ts';
import { until } from '../../test/support/until.ts';
import { freePort } from '../../test/support/relay/free-port.ts';
import { activeSession } from '../session/active-session.ts';
import { createTestSession } from './test-session.ts';

const ends: (() => unknown)[] = [];
let relay: StockRelay;
beforeAll(async () => {
  relay = await startStockRelay();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => relay.close());

async function testSession(options?: Parameters<typeof createTestSession>[0]) {
  const session = await createTestSession(options);
  ends.push(() => session.close());
  return session;
}

describe('a session for tests', () => {
  it('[TEST-2] opens a new account that the relay has, and keeps nothing', async () => {
    const session = await testSession({ relayUrl: relay.url });
    expect(session.sync.current).toMatchObject({ status: 'confirmed', peers: [{ phase: 'connected' }] });
    expect(session.storage.current.kind).toBe('memory');
    expect(session.passkeys.state.current.passkeys).toEqual([]);
    const other = await testSession({ relayUrl: relay.url });
    expect(other.accountID).not.toBe(session.accountID);
  });

  it('[TEST-2] shares a value with another one over the relay', async () => {
    const ana = await testSession({ relayUrl: relay.url });
    const ben = await testSession({ relayUrl: relay.url });
    const group = ana.node.createGroup();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ colour: 'red' });
    await ana.sync.whenConfirmed();
    expect((await ben.load(map.id)).get('colour')).toBe('red');
  });

  it('[TEST-2] has the name that it is given', async () => {
    const alone = await testSession({ name: 'Ada' });
    expect(alone.profile.current).toEqual({ name: 'Ada' });
    const ana = await testSession({ relayUrl: relay.url, name: 'Ana' });
    expect(ana.profile.current).toEqual({ name: 'Ana' });
    expect(ana.sync.current.status).toBe('confirmed');
    const ben = await testSession({ relayUrl: relay.url });
    const group = ana.node.createGroup();
    const { link } = await ana.share(group, { url: 'https://app.example/' });
    await ana.sync.whenConfirmed();
    await ben.acceptInvite(link);
    const list = ben.members(group.id);
    ends.push(list.subscribe(() => {}));
    const nameOf = () => list.current.members.find(({ accountID }) => accountID === ana.accountID)?.name;
    await until(() => nameOf() === 'Ana');
  });

  it('[TEST-2] needs no relay', async () => {
    const session = await testSession();
    expect(session.sync.current).toMatchObject({ status: 'off', peers: [] });
    expect(session.node.createGroup().createMap({ colour: 'red' }).get('colour')).toBe('red');
  });

  it('rejects if no relay answers, or the name is none, and leaves no session', async () => {
    const relayUrl = `http://127.0.0.1:${await freePort()}`;
    await expect(createTestSession({ relayUrl })).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' });
    await expect(createTestSession({ relayUrl: 'no address' })).rejects.toMatchObject({
      code: 'SYNC_URL_INVALID',
    });
    await expect(createTestSession({ name: 'x'.repeat(101) })).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
    });
    expect(activeSession.current).toBeUndefined();
  });

  it('[TEST-2] suffers the faults of a plan, and opens without waiting for the relay', async () => {
    const session = await testSession({ relayUrl: relay.url, faults: { seed: 1, refuse: 1 } });
    await until(() => {
      const [peer] = session.sync.current.peers;
      expect(peer).toMatchObject({ phase: 'waiting', error: { details: { byFaultPlan: true } } });
    });
  });
});
