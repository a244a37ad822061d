import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startStockRelay, type StockRelay } from '../../test/support/sync/stock-relay.ts';
import { until } from '../../test/support/until.ts';
import { createInspector } from '../inspect/index.ts';
import { logMessages } from './log-messages.ts';
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

async function testSession() {
  const session = await createTestSession({ relayUrl: relay.url });
  ends.push(() => session.close());
  return session;
}

describe('the log of a session’s messages', () => {
  it('[TEST-3] names CoValues by kind and order, the same in each run', async () => {
    const session = await testSession();
    const log = logMessages(session);
    const group = session.node.createGroup();
    const map = group.createMap({ colour: 'red' });
    await session.sync.whenConfirmed();
    group.createMap({ colour: 'blue' });
    group.createList(['a', 'b']);
    await session.sync.whenConfirmed();
    map.set('colour', 'green');
    await session.sync.whenConfirmed();
    expect(log.lines()).toMatchInlineSnapshot(`
      [
        "client -> server | CONTENT group1 header after 0: 4",
        "client -> server | CONTENT map1 header after 0: 1",
        "server -> client | KNOWN group1 sessions: header/4",
        "server -> client | KNOWN map1 sessions: header/1",
        "client -> server | CONTENT map2 header after 0: 1",
        "client -> server | CONTENT list1 header after 0: 1",
        "server -> client | KNOWN map2 sessions: header/1",
        "server -> client | KNOWN list1 sessions: header/1",
        "client -> server | CONTENT map1 after 1: 1",
        "server -> client | KNOWN map1 sessions: header/2",
      ]
    `);
  });

  it('[TEST-3] shows what another account shared', async () => {
    const author = await testSession();
    const group = author.node.createGroup();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ colour: 'red' });
    await author.sync.whenConfirmed();
    const reader = await testSession();
    const log = logMessages(reader);
    await reader.load(map.id);
    await until(() => log.lines().some((line) => line.includes('KNOWN map1')));
    // Content arrives in slices, so what each side sends has an order, but not both together.
    expect(log.lines().filter((line) => line.startsWith('client'))).toMatchInlineSnapshot(`
      [
        "client -> server | LOAD map1 sessions: empty",
        "client -> server | KNOWN account1 sessions: header/5",
        "client -> server | KNOWN group1 sessions: header/6",
        "client -> server | KNOWN map1 sessions: header/1",
      ]
    `);
    expect(log.lines().filter((line) => line.startsWith('server'))).toMatchInlineSnapshot(`
      [
        "server -> client | CONTENT account1 header after 0: 5",
        "server -> client | CONTENT group1 header after 0: 6",
        "server -> client | CONTENT map1 header after 0: 1",
      ]
    `);
  });

  it('[TEST-3] names a value by no kind if no relay has it', async () => {
    const offline = await createTestSession();
    ends.push(() => offline.close());
    const { id } = offline.node.createGroup().createMap({ colour: 'red' });
    const session = await testSession();
    const log = logMessages(session);
    await expect(session.load(id)).rejects.toMatchObject({ code: 'CO_VALUE_NOT_FOUND' });
    expect(log.lines()[0]).toBe('client -> server | LOAD value1 sessions: empty');
  });

  it('[TEST-3] names the account’s root, and leaves out what is the kernel’s', async () => {
    const session = await testSession();
    const log = logMessages(session);
    const root = session.node.getLoaded(session.account.get('root') ?? session.account.id);
    if (root?.type !== 'comap') throw new Error('There is no root.');
    // The name is looked for at the relay, which has none.
    const end = session.profile.subscribe(() => {});
    await session.rename('');
    root.set('note', 'hello');
    await session.sync.whenConfirmed();
    end();
    expect(log.lines()).toMatchInlineSnapshot(`
      [
        "client -> server | CONTENT root after 0: 1",
        "server -> client | KNOWN root sessions: header/1",
      ]
    `);
  });

  it('[TEST-3] ends with stop, and lets an inspector record on', async () => {
    const session = await testSession();
    const inspector = createInspector(session);
    ends.push(() => inspector.close());
    const log = logMessages(session);
    session.node.createGroup();
    await session.sync.whenConfirmed();
    log.stop();
    const before = log.lines();
    const recorded = inspector.messages.counts.kept;
    session.node.createGroup();
    await session.sync.whenConfirmed();
    expect(before).not.toEqual([]);
    expect(log.lines()).toEqual(before);
    expect(inspector.messages.counts.kept).toBeGreaterThan(recorded);
  });

  it('refuses a session of another copy of the kernel', async () => {
    const session = await testSession();
    expect(() => logMessages({ ...session, sync: { ...session.sync } })).toThrow(TypeError);
  });
});
