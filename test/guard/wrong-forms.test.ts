import type { JsonValue } from 'cojson';
import { expect, it, vi } from 'vitest';
import { attempt, roleIn, seal } from './attack.ts';
import { attacker, crypto, give, idOf, memberOf, viewOf } from './nodes.ts';
import { newDevice, past, signRaw, start, writeTo } from './steps.ts';

const secrets: readonly JsonValue[] = [3, {}, 'x', 'keySecret_z1', `keySecret_z${'1'.repeat(40)}`];

it.each(secrets)(
  '[GROUP-9] a manager reveals %j as the secret of a new key: the owner writes with another one, and removes the manager',
  async (secret) => {
    const { alice, group, map } = await start();
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'manager');
    await past();
    give(mallory, alice, group);
    const { id } = crypto.newRandomKeySecret();
    signRaw(mallory, group, [`${id}_for_${idOf(alice)}`, seal(mallory, group, secret, alice)]);
    signRaw(mallory, group, ['readKey', id]);
    give(alice, mallory, group);
    expect(writeTo(alice, map)).toBe(1);
    const removal = attempt(() => {
      group.removeMember(memberOf(mallory));
    });
    expect([removal, roleIn(group, mallory)]).toEqual(['done', 'none']);
  },
);

it.each(secrets)(
  '[GROUP-4] a manager reveals %j as the secret of a write key: the good one is read',
  async (secret) => {
    const { alice, group, map } = await start();
    const [mallory, bob] = [attacker(), attacker()];
    group.addMember(memberOf(mallory), 'manager');
    group.addMember(memberOf(bob), 'writeOnly');
    await past();
    for (const node of [bob, mallory]) give(node, alice, group, map);
    const key = group.get(`writeKeyFor_${idOf(bob)}` as 'readKey') ?? '';
    signRaw(mallory, group, [`${key}_for_${idOf(alice)}`, seal(mallory, group, secret, alice)]);
    const phone = attacker(alice.agentSecret);
    give(phone, mallory, group);
    give(phone, bob, map);
    const view = phone.expectCoValueLoaded(group.id).getCurrentContent() as typeof group;
    const read = view.getReadKey(key as never);
    expect(typeof read === 'string' && read.length > 52).toBe(true);
  },
);

it.each(secrets)(
  '[GROUP-4] a member reveals %j as their write key: the rest of the map is read',
  async (secret) => {
    const { alice, group, map } = await start();
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'writeOnly');
    await past();
    give(mallory, alice, group, map);
    const key = crypto.newRandomKeySecret();
    signRaw(mallory, group, [`writeKeyFor_${idOf(mallory)}`, key.id]);
    signRaw(mallory, group, [`${key.id}_for_${idOf(alice)}`, seal(mallory, group, secret, alice)]);
    const { currentSessionID } = mallory;
    const verified = mallory.getCoValue(map.id).verified;
    const changes = [{ op: 'set', key: 'b', value: 2 }];
    const agent = mallory.getCurrentAgent();
    verified?.makeNewPrivateTransaction(
      currentSessionID,
      agent,
      changes,
      key.id,
      key.secret,
      undefined,
      Date.now(),
    );
    give(alice, mallory, group, map);
    expect(map.toJSON()).toEqual({ a: 1 });
    expect(writeTo(alice, map)).toBe(1);
    expect(attempt(() => group.removeMember(memberOf(mallory)))).toBe('done');
    expect(attempt(() => group.addMember(memberOf(attacker()), 'reader'))).toBe('done');
  },
);

it.each(['the same key', 'other keys'])(
  '[GROUP-4] a manager sets %s and sealers again and again: a key is found as fast',
  async (keys) => {
    const { secret, alice, group } = await start();
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'manager');
    await past();
    give(mallory, alice, group);
    const [readKey, sealer] = [group.get('readKey') ?? '', group.get('groupSealer') ?? ''];
    for (let n = 0; n < 200; n++) {
      signRaw(mallory, group, [
        'readKey',
        keys === 'the same key' ? readKey : crypto.newRandomKeySecret().id,
      ]);
      signRaw(mallory, group, ['groupSealer', sealer]);
    }
    const phone = await newDevice(secret, [mallory, group]);
    const view = viewOf(phone, group);
    const asked = vi.spyOn(Array.prototype, 'flatMap');
    expect(view.getUncachedReadKey(readKey as never)).toBeDefined();
    const { length } = asked.mock.calls;
    asked.mockRestore();
    expect(length).toBeLessThan(100);
  },
);
