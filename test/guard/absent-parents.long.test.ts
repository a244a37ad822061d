import { cojsonInternals, type LocalNode } from 'cojson';
import { afterEach, expect, it, vi } from 'vitest';
import { createRelayNode } from '../../src/engine/create-node.ts';
import { attacker, crypto, give, kernelNodes, memberOf, newSecret, nextMoment, viewOf } from './nodes.ts';
import { until } from '../support/until.ts';

afterEach(() => {
  vi.useRealTimers();
});

function connect(relay: LocalNode, device: LocalNode): void {
  const [toDevice, toRelay] = cojsonInternals.connectedPeers(
    `device ${crypto.uniquenessForHeader()}`,
    'relay',
    {
      peer1role: 'client',
      peer2role: 'server',
    },
  );
  relay.syncManager.addPeer(toDevice);
  device.syncManager.addPeer(toRelay);
}

it('[GROUP-9] a relay lacks a group above for a moment: its members still read what is written later', async () => {
  const secret = newSecret();
  const [alice, carol, relay] = [await kernelNodes.honest(secret), attacker(), createRelayNode(crypto)];
  const parent = alice.createGroup();
  parent.addMember(memberOf(carol), 'reader');
  const group = alice.createGroup();
  group.extend(parent);
  const map = group.createMap({ a: 1 });
  give(carol, alice, parent, group, map);
  give(relay, alice, group, map);
  await until(() => {
    expect(relay.getCoValue(group.id).isAvailable()).toBe(true);
  }, 15_000);
  await nextMoment();
  const phone = await kernelNodes.honest(secret);
  connect(relay, phone);
  const opened = await phone.load(map.id);
  if (opened === 'unavailable') throw new Error('unavailable');
  await nextMoment();
  // The parent arrives.
  give(phone, alice, parent);
  await nextMoment();
  opened.set('b', 2);
  give(carol, phone, parent, group, map);
  give(alice, phone, parent, group, map);
  expect(viewOf(alice, map).get('b')).toBe(2);
  expect(viewOf(carol, map).get('b')).toBe(2);
  expect([...viewOf(phone, group).editsAt('readKey')]).toHaveLength(1);
}, 30_000);
