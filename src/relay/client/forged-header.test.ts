import { expect, it, onTestFinished } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';

it('[RELAY-17] a stranger’s forged header of a CoValue keeps no edit of it from being stored', async () => {
  const relay = await openRelay({ storage: 'memory:' });
  onTestFinished(() => relay.close());
  const owner = await createClientNode();
  const map = owner.createGroup().createMap({ word: 'first' });
  const { currentSessionID: session } = owner;
  const client = await openRawClient(relay.url);
  const account = owner.expectCurrentAccountID('test');
  for (const id of [account, map.group.id, map.id])
    for (const piece of owner.getCoValue(id).newContentSince() ?? []) client.send(piece);
  await client.waitFor({ action: 'known', id: map.id, sessions: { [session]: 1 } });

  const stranger = await openRawClient(relay.url);
  const ruleset = { type: 'ownedByGroup', group: 'co_zNobodyHasThisGroup' };
  const header = { ...map.core.verified.header, ruleset };
  stranger.send({ action: 'content', id: map.id, priority: 3, header, new: {} });
  const other = 'co_zNobodyHasThisEither';
  stranger.send({ action: 'load', id: other, header: false, sessions: {} });
  await stranger.waitFor({ action: 'known', id: other, header: false });

  const known = map.core.knownState();
  map.set('word', 'second');
  for (const piece of owner.getCoValue(map.id).newContentSince(known) ?? []) client.send(piece);
  await client.waitFor({ action: 'known', id: map.id, sessions: { [session]: 2 } });
  expect(stranger.received).not.toContainEqual(expect.objectContaining({ id: ruleset.group }));
});
