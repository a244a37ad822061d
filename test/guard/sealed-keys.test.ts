import type { RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { attacker, crypto, give, idOf, kernelNodes, memberOf, viewOf } from './nodes.ts';
import { past, signRaw } from './steps.ts';

it.each(['garbage', 'another secret', 'encrypted'])(
  '[GROUP-4] a removed manager reveals %s to a group above by an earlier date: its members read what a writeOnly member has written',
  async (form) => {
    const [alice, carol, bob, mallory] = [
      await kernelNodes.honest(),
      await kernelNodes.honest(),
      await kernelNodes.honest(),
      attacker(),
    ];
    const owner = form === 'encrypted' ? alice : carol;
    const team = owner.createGroup();
    if (owner === alice) team.addMember(memberOf(carol), 'reader');
    const group = alice.createGroup();
    const map = group.createMap({ a: 1 });
    group.addMember(memberOf(bob), 'writeOnly');
    group.addMember(memberOf(mallory), 'manager');
    if (owner === carol) give(alice, carol, team);
    group.extend(viewOf<RawGroup>(alice, team), 'reader');
    give(bob, alice, team, group, map);
    viewOf(bob, map).set('b', 2);
    give(alice, bob, map);
    const atMs = await past();
    const key = group.get(`writeKeyFor_${idOf(bob)}` as 'readKey') ?? '';
    const [readKey, sealer] = String(team.get('groupSealer')).split('@') as [string, `sealer_z${string}`];
    give(mallory, alice, team, group);
    group.removeMember(memberOf(mallory));
    const message = form === 'garbage' ? 'x' : crypto.newRandomKeySecret().secret;
    if (form === 'encrypted') {
      const encrypted = crypto.encryptKeySecret({
        toEncrypt: { id: key as never, secret: message as never },
        encrypting: { id: readKey as never, secret: team.getReadKey(readKey as never) ?? expect.fail() },
      }).encrypted;
      signRaw(mallory, group, [`${key}_for_${readKey}`, encrypted], undefined, atMs);
    } else {
      const tx = mallory.getCoValue(group.id).nextTransactionID();
      const sealed = crypto.sealForGroup({ message, to: sealer, nOnceMaterial: { in: group.id, tx } });
      signRaw(mallory, group, [`${key}_sealedFor_${sealer}`, sealed], undefined, atMs);
    }
    if (form === 'encrypted') give(carol, alice, team);
    give(carol, mallory, group);
    give(carol, alice, group, map);
    expect(viewOf(carol, map).toJSON()).toEqual({ a: 1, b: 2 });
  },
);
