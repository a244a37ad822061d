import type { LocalNode, RawCoMap, SessionID } from 'cojson';
import { describe, expect, it } from 'vitest';
import { createBoundAccount } from '../../../test/guard/bound-account.ts';
import { attacker } from '../../../test/guard/nodes.ts';
import { createAdmissionNode } from '../../../test/support/relay/admission-node.ts';
import type { Content, SessionContent } from '../../engine/content.ts';

const contentOf = (node: LocalNode, { id }: { readonly id: string }): Content[] =>
  node.getCoValue(id as Content['id']).newContentSince(undefined) ?? [];
const sessionIn = (contents: readonly Content[], sessionID: SessionID): SessionContent => {
  const found = contents.find((one) => one.new[sessionID])?.new[sessionID];
  if (!found) throw new Error('The session is not there.');
  return found;
};
const contentWith = (id: string, sessionID: SessionID, content: SessionContent): Content => ({
  action: 'content',
  id: id as Content['id'],
  priority: 3,
  new: { [sessionID]: content },
});

/** A device of a kernel's account whose account, group and maps the relay has. */
async function setUp() {
  const relay = createAdmissionNode();
  const client = relay.client('client');
  const account = await createBoundAccount();
  client.send(...account.content);
  const alice = await account.kernel();
  const group = alice.createGroup();
  const map = group.createMap({ word: 'first' });
  client.sendFrom(alice, group, map);
  return { relay, client, account, alice, group, map, session: alice.currentSessionID };
}

describe('[RELAY-21] a session', () => {
  it('of a kernel’s account is admitted in its places, also in one message with its genesis', async () => {
    const { relay, client, account, alice, map, session } = await setUp();
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[], 1]);
    (alice.getCoValue(account.genesis.accountID).getCurrentContent() as RawCoMap).set('note', 1, 'trusting');
    map.set('word', 'second', 'trusting');
    client.sendFrom(alice, { id: account.genesis.accountID }, map);
    expect(relay.countOf(map.id, session)).toBe(2);
    const empty = createAdmissionNode();
    empty.client('client').sendFrom(alice, { id: account.genesis.accountID });
    expect([relay.refused, empty.refused]).toEqual([[], []]);
    expect(empty.node.getCoValue(account.genesis.accountID).knownState()).toEqual(
      alice.getCoValue(account.genesis.accountID).knownState(),
    );
  });

  it('is refused in another CoValue than it was signed for', async () => {
    const { relay, client, alice, group, map, session } = await setUp();
    const other = group.createMap();
    client.sendFrom(alice, other);
    map.set('word', 'second', 'trusting');
    const stolen = group.createMap();
    stolen.set('pays', 'Mallory', 'trusting');
    client.send(contentWith(other.id, session, sessionIn(contentOf(alice, stolen), session)));
    expect([relay.refused, relay.countOf(other.id, session)]).toEqual([[`other-place ${session}`], 0]);
  });

  it('is refused under another session ID of the account', async () => {
    const { relay, client, account, alice, group } = await setUp();
    const stolen = group.createMap();
    stolen.set('pays', 'Mallory', 'trusting');
    const fresh = account.stock().currentSessionID;
    client.sendFrom(alice, stolen);
    client.send(contentWith(stolen.id, fresh, sessionIn(contentOf(alice, stolen), alice.currentSessionID)));
    expect([relay.refused, relay.countOf(stolen.id, fresh)]).toEqual([[`other-place ${fresh}`], 0]);
  });

  it('of a kernel’s account that names no place is refused', async () => {
    const { relay, client, account, map, alice } = await setUp();
    const stock = account.stock();
    for (const { id } of [map.group, map])
      for (const piece of contentOf(alice, { id }))
        stock.syncManager.handleNewContent(structuredClone(piece), 'import');
    const { currentSessionID: session } = stock;
    stock.getCoValue(map.id).makeTransaction([{ op: 'set', key: 'word', value: 'stock' }], 'trusting');
    client.sendFrom(stock, map);
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[`no-place ${session}`], 0]);
  });

  it('is refused from the first transaction that names another place', () => {
    const relay = createAdmissionNode();
    const client = relay.client('client');
    const owner = attacker();
    const group = owner.createGroup();
    const map = group.createMap({ word: 'first' });
    client.sendFrom(owner, group, map);
    const { currentSessionID: session } = owner;
    const sign = (at: string) =>
      map.core.makeTransaction([{ op: 'set', key: 'word', value: at }], 'trusting', { at });
    sign(`${map.id}/${session}`);
    client.sendFrom(owner, map);
    sign(`${group.id}/${session}`);
    client.sendFrom(owner, map);
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[`other-place ${session}`], 2]);
  });

  it('of a stock client’s account needs to name no place', () => {
    const relay = createAdmissionNode();
    const owner = attacker();
    const group = owner.createGroup();
    const map = group.createMap({ word: 'first' }, null, 'trusting');
    relay.client('client').sendFrom(owner, group, map);
    expect([relay.refused, relay.countOf(map.id, owner.currentSessionID)]).toEqual([[], 1]);
  });

  it('with a deletion of another CoValue is refused', () => {
    const relay = createAdmissionNode();
    const client = relay.client('client');
    const owner = attacker();
    const group = owner.createGroup();
    const [map, other] = [group.createMap({ word: 'first' }), group.createMap({ word: 'other' })];
    client.sendFrom(owner, group, map, other);
    map.core.deleteCoValue();
    const [[session, content] = []] = Object.entries(contentOf(owner, map)[0]?.new ?? {});
    client.send(contentWith(other.id, session as SessionID, content as SessionContent));
    expect(relay.refused).toEqual([`other-place ${session}`]);
    client.sendFrom(owner, map);
    expect(relay.node.getCoValue(map.id).isDeleted).toBe(true);
  });
});
