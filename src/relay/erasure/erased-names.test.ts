import { LocalNode, type RawAccount, type RawAccountID, type RawCoMap, type RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { askForSelf, exportOf } from '../../../test/support/relay/erasure-requests.ts';
import { accountAt, give } from '../../../test/support/relay/given-content.ts';
import { accountOf, changesOf, push } from '../../../test/support/relay/stateless-client.ts';
import {
  connectStock,
  createClientNode,
  createStockClient,
  crypto,
} from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { confirmed, loadMap, openRelay, startRelay } from '../../../test/support/relay/test-relay.ts';
import type { Database } from '../database/database.ts';

/** Bob's device has the account that Alice has erased, of which nothing is left. */
async function eraseAlice(isStored = true) {
  const storage = `pglite:${await createStorage()}`;
  let database: Database | undefined;
  const first = await openRelay({ storage }, (opened) => (database = opened));
  const [alice, bob] = [await createClientNode(), await createClientNode()];
  const alices = accountAt(bob, alice);
  const group = bob.createGroup();
  const map = group.createMap({ word: 'first' });
  await push(first.url, changesOf(alice, accountOf(alice)));
  await push(first.url, [...changesOf(bob, accountOf(bob)), ...(isStored ? changesOf(bob, group, map) : [])]);
  expect((await askForSelf(first.url, alice, 'erase')).status).toBe(200);
  await database?.query(`update erased set keeps_header = false`);
  await database?.query(`delete from covalues where id = $1`, [accountOf(alice).id]);
  await first.close();
  const { url } = await startRelay({ storage });
  return { url, alice, bob, alices, group, map };
}

for (const [kind, isStored] of [
  ['a group that is stored', true],
  ['a new group', false],
] as const)
  it(`[RELAY-93] ${kind} that names an erased account is taken, with what it owns`, async () => {
    const { url, bob, alices, group } = await eraseAlice(isStored);
    group.addMember(alices, 'writer');
    const pushed = group.createMap({ word: 'pushed' });
    expect((await push(url, changesOf(bob, group, pushed))).status).toBe(200);
    connectStock(bob, url);
    group.removeMember(alices);
    const map = group.createMap({ word: 'sent' });
    for (const one of [group, map]) await confirmed(bob, one);
    const device = await createStockClient(url);
    expect((await device.load(group.id)) as unknown).not.toBe('unavailable');
  });

it('[RELAY-93] a channel takes a new group that names an erased account', async () => {
  const { url, bob, alices, group } = await eraseAlice(false);
  group.addMember(alices, 'writer');
  group.addMember('everyone', 'reader');
  const map = group.createMap({ word: 'sent' });
  connectStock(bob, url);
  for (const one of [group, map]) await confirmed(bob, one);
  const device = await createStockClient(url);
  expect((await loadMap(device, map)).get('word')).toBe('sent');
});

/** Bob's group extends one of Alice, which he is not in any more. */
async function extendAlices() {
  let database: Database | undefined;
  const { url } = await startRelay({ storage: 'memory:' }, (opened) => (database = opened));
  const [alice, bob] = [await createClientNode(), await createClientNode()];
  give(alice, bob, accountOf(alice));
  const parent = alice.createGroup();
  const bobs = accountAt(alice, bob);
  parent.addMember(bobs, 'reader');
  give(alice, bob, parent);
  const group = bob.createGroup();
  group.extend((await bob.load(parent.id)) as RawGroup);
  parent.removeMember(bobs);
  await push(url, changesOf(bob, accountOf(bob)));
  await push(url, changesOf(alice, accountOf(alice), parent));
  expect((await push(url, changesOf(bob, group))).status).toBe(200);
  const query: Database['query'] = (...asked) => database?.query(...asked) ?? Promise.resolve([]);
  return { url, query, alice, bob, parent, group };
}

it('[RELAY-93] a group that extends an erased one is taken, and loads with cojson alone', async () => {
  const { url, query, alice, bob, parent, group } = await extendAlices();
  const owned = parent.createMap({ word: 'alices' });
  await push(url, changesOf(alice, owned));
  const session = `"${parent.id}","${alice.currentSessionID}"`;
  expect(await exportOf(url, alice)).toContain(session);
  const { body } = await askForSelf(url, alice, 'erase');
  const kept = {
    id: parent.id,
    why: expect.stringContaining('roles and keys') as string,
    withoutContent: true,
  };
  expect(body).toMatchObject({
    certificate: { erased: { coValues: 1 }, kept: expect.arrayContaining([kept]) as unknown },
  });
  expect(await query(`select id from covalues where id = $1`, [owned.id])).toEqual([]);
  const map = group.createMap({ word: 'pushed' });
  expect((await push(url, changesOf(bob, group, map))).status).toBe(200);
  const device = new LocalNode(
    bob.agentSecret,
    crypto.newRandomSessionID(accountOf(bob).id as RawAccountID),
    crypto,
  );
  connectStock(device, url);
  expect((await loadMap(device, map)).get('word')).toBe('pushed');
});

it('[RELAY-93] a name that is written with escapes keeps what it names', async () => {
  const { url, query, alice, parent, group } = await extendAlices();
  await query(
    `update transactions set tx = replace(tx, 'parent_co_', 'p\\\\u0061rent_co_') where covalue_id = $1`,
    [group.id],
  );
  const { body } = await askForSelf(url, alice, 'preview');
  const kept = { id: parent.id, why: expect.any(String) as string, withoutContent: true };
  expect(body).toMatchObject({ kept: expect.arrayContaining([kept]) as unknown });
});

for (const isPushed of [true, false])
  it(`[RELAY-90] nothing new is taken of which an erased account is the first admin, or the owner: ${isPushed ? 'pushed' : 'sent'}`, async () => {
    const { url, alice, bob, group: theirs, map } = await eraseAlice();
    const group = alice.createGroup();
    const own = (accountOf(alice) as RawAccount).createMap({ word: 'own' });
    const raw = await openRawClient(url);
    for (const [change] of [group, own].map((one) => changesOf(alice, one))) {
      const header = { ...change, new: {} };
      if (isPushed)
        expect(await push(url, [header])).toMatchObject({ status: 403, body: { ids: [change?.id] } });
      else for (const one of [header, change]) raw.send(one as object);
    }
    // Content that is there already is taken, whatever its header names.
    theirs.addMember('everyone', 'reader');
    expect((await push(url, changesOf(bob, theirs, map))).status).toBe(200);
    for (const { id } of [group, own]) {
      raw.send({ action: 'load', id, header: false, sessions: {} });
      await raw.waitFor({ action: 'known', id, header: false });
    }
  });

it('[RELAY-93] what an erased account wrote beside others holds up nothing of theirs', async () => {
  const { url, bob, alices, group, map, alice } = await eraseAlice();
  group.addMember(alices, 'writer');
  await push(url, changesOf(bob, group));
  give(bob, alice, accountOf(bob), group, map);
  ((await alice.load(map.id)) as RawCoMap).set('word', 'alices');
  give(alice, bob, map);
  map.set('word', 'bobs');
  const raw = await openRawClient(url);
  for (const change of changesOf(bob, map)) raw.send(change);
  await raw.waitFor({ maia: 'refused', id: map.id, sessionID: alice.currentSessionID });
  await raw.waitFor({ action: 'known', id: map.id, sessions: { [bob.currentSessionID]: 2 } });
  expect(await push(url, changesOf(bob, map))).toMatchObject({
    status: 403,
    body: { ids: [map.id], sessions: [{ id: map.id, sessionID: alice.currentSessionID }] },
  });
});

it('[RELAY-93] a shared group that the erased account began is taken with its header by a relay that has not loaded it', async () => {
  const storage = `pglite:${await createStorage()}`;
  const first = await openRelay({ storage });
  const [alice, bob] = [await createClientNode(), await createClientNode()];
  for (const node of [alice, bob]) await push(first.url, changesOf(node, accountOf(node)));
  const group = alice.createGroup();
  group.addMember(accountAt(alice, bob), 'admin');
  await push(first.url, changesOf(alice, group));
  expect((await askForSelf(first.url, alice, 'erase')).status).toBe(200);
  await first.close();
  const { url } = await startRelay({ storage });
  give(alice, bob, accountOf(alice), group);
  ((await bob.load(group.id)) as RawGroup).addMember('everyone', 'reader');
  const raw = await openRawClient(url);
  for (const change of changesOf(bob, group)) raw.send(change);
  const ofBob = expect.objectContaining({ [bob.currentSessionID]: expect.any(Number) as number }) as object;
  await raw.waitFor({ action: 'known', id: group.id, sessions: ofBob });
  expect(raw.received).not.toContainEqual(
    expect.objectContaining({ maia: 'refused', id: group.id, sessionID: bob.currentSessionID }),
  );
});
