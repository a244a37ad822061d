import type { RawCoMap, RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { askForSelf } from '../../../test/support/relay/erasure-requests.ts';
import { accountAt, give } from '../../../test/support/relay/given-content.ts';
import { accountOf, changesOf, push } from '../../../test/support/relay/stateless-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { dumpTables } from '../../../test/support/relay/table-dump.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import type { SignedErasureCertificate } from '../../wire/erasure.ts';
import type { Database } from '../database/database.ts';

/** Runs `meanwhile` once all groups were read, and before what is theirs is marked as erased. */
async function openGroups() {
  let meanwhile: (() => Promise<void>) | undefined;
  let isRepeated = false;
  let database: Database | undefined;
  const { url } = await startRelay({ storage: 'memory:' }, (opened) => {
    database = opened;
    return {
      ...opened,
      async query(sql, parameters) {
        if (sql.includes('where owner = any')) {
          const run = meanwhile;
          if (!isRepeated) meanwhile = undefined;
          await run?.();
        }
        return opened.query(sql, parameters);
      },
    };
  });
  const [alice, bob] = [await createClientNode(), await createClientNode()];
  const group = alice.createGroup();
  const map = group.createMap();
  map.set('word', 'alices-word', 'trusting');
  await push(url, changesOf(bob, accountOf(bob)));
  await push(url, changesOf(alice, accountOf(alice), group, map));
  const erase = async (run: () => Promise<void>, always = false) => {
    meanwhile = run;
    isRepeated = always;
    const { body } = await askForSelf(url, alice, 'erase');
    expect(meanwhile).toBe(always ? run : undefined);
    return (body as unknown as SignedErasureCertificate).certificate;
  };
  const dump = () => (database ? dumpTables(database.query) : Promise.resolve(''));
  return { url, alice, bob, group, map, erase, dump };
}

it('[RELAY-92] keeps a group into which an invite lets someone while the groups are read', async () => {
  const { url, alice, bob, group, map, erase, dump } = await openGroups();
  const invite = group.createInvite('writer');
  await push(url, changesOf(alice, group));
  const { kept } = await erase(async () => {
    give(alice, bob, accountOf(alice), group, map);
    await bob.acceptInvite(group.id, invite);
    const atBob = (await bob.load(map.id)) as RawCoMap;
    atBob.set('word', 'bobs-word', 'trusting');
    for (const one of [group, map]) expect((await push(url, changesOf(bob, one))).status).toBe(200);
  });
  expect(kept).toContainEqual({ id: group.id, why: 'It has another member.' });
  expect(await dump()).toContain('bobs-word');
});

it('[RELAY-92] takes nothing of the account while the groups are read', async () => {
  const { url, alice, bob, group, erase, dump } = await openGroups();
  const { kept } = await erase(async () => {
    group.addMember(accountAt(alice, bob), 'writer');
    const late = alice.createGroup();
    const lateMap = late.createMap();
    lateMap.set('word', 'late-word', 'trusting');
    for (const changes of [changesOf(alice, group), changesOf(alice, late, lateMap)])
      expect((await push(url, changes)).status).toBe(403);
  });
  expect(kept).toEqual([]);
  for (const gone of ['alices-word', 'late-word']) expect(await dump()).not.toContain(gone);
});

it('[RELAY-92] keeps a group of someone else into which the account comes while the groups are read', async () => {
  const { url, alice, bob, erase } = await openGroups();
  const alices = accountAt(bob, alice);
  const theirs: RawGroup = bob.createGroup();
  await erase(async () => {
    theirs.addMember(alices, 'writer');
    expect((await push(url, changesOf(bob, theirs))).status).toBe(200);
  });
  const map = theirs.createMap({ word: 'later' });
  expect((await push(url, changesOf(bob, theirs, map))).status).toBe(200);
});

it('[RELAY-93] ends although a former manager writes in a group of the person each time it is read', async () => {
  const { url, alice, bob, group, map, erase, dump } = await openGroups();
  group.addMember(accountAt(alice, bob), 'manager');
  give(alice, bob, accountOf(alice), group, map);
  group.removeMember(accountAt(alice, bob));
  await push(url, changesOf(alice, group));
  const atBob = (await bob.load(group.id)) as RawGroup;
  const { kept } = await erase(async () => {
    atBob.core.makeTransaction([{ op: 'set', key: accountOf(bob).id, value: 'manager' }], 'trusting');
    expect((await push(url, changesOf(bob, group))).status).toBe(200);
  }, true);
  expect(kept).toEqual([]);
  expect(await dump()).not.toContain('alices-word');
});
