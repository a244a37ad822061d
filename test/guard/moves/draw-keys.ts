import type { JsonValue } from 'cojson';
import { crypto } from '../nodes.ts';
import type { GroupName } from './model.ts';
import type { Change, Attacker, Key, World } from './world.ts';

export function drawMember({ dice, attackers, devices, log }: World): string {
  return dice.byWeight<() => string>([
    [8, () => dice.pick(attackers).id],
    [4, () => dice.pick(devices).person.id],
    [2, () => 'everyone'],
    [1, () => dice.pick(log.ids())],
    [
      1,
      () =>
        dice.pick([
          'sealer_zx/signer_zx',
          'co_zNobodyHasThisLongName11111',
          '__proto__',
          'constructor',
          `${'z'.repeat(5_000)}`,
        ]),
    ],
  ])();
}

/** A key of the group, or one that an attacker has made. */
export function drawKey({ dice, keys, planted }: World): Key {
  return dice.chance(45) ? dice.pick(keys).key : dice.pick(planted);
}

export function drawSealer(world: World): JsonValue {
  const key = drawKey(world);
  return world.dice.chance(70)
    ? `${key.id}@${crypto.groupSealerFromReadKey(key.secret).publicKey}`
    : world.dice.json();
}

/** Under the ID of a key, a secret that an attacker has made, or garbage. */
export function drawRevelation(world: World, by: Attacker, name: GroupName): Change {
  const { dice, groupIDs, planted } = world;
  const { id } = drawKey(world);
  const { secret } = dice.pick(planted);
  const nOnceMaterial = {
    in: groupIDs[name],
    tx: { sessionID: by.sessionIDs[0], txIndex: world.log.countOf(groupIDs[name], by.sessionIDs[0] ?? '') },
  };
  const seal = (member: string) =>
    crypto.seal({
      message: secret,
      from: by.node.getCurrentAgent().currentSealerSecret(),
      to: crypto.getAgentSealerID(member as never),
      nOnceMaterial: nOnceMaterial as never,
    });
  const garbage = () =>
    dice.pick<JsonValue>(['sealed_Uxyz', 'encrypted_Uxyz', 'keySecret_zx', '', dice.json()]);
  return dice.byWeight<() => Change>([
    [3, () => [`${id}_for_everyone`, dice.chance(80) ? secret : garbage()]],
    [
      4,
      () => {
        const member = dice.pick([
          ...world.devices.map(({ person, node }) => [person.id, node.getCurrentAgent().currentAgentID()]),
          [by.id, by.id],
        ] as [string, string][]);
        return [`${id}_for_${member[0]}`, dice.chance(80) ? seal(member[1]) : garbage()];
      },
    ],
    [
      2,
      () => {
        const encrypting = drawKey(world);
        const { encrypted } = crypto.encryptKeySecret({ toEncrypt: { id, secret }, encrypting });
        return [`${id}_for_${encrypting.id}`, dice.chance(80) ? encrypted : garbage()];
      },
    ],
    [
      1,
      () => {
        const { publicKey } = crypto.groupSealerFromReadKey(drawKey(world).secret);
        const sealed = crypto.sealForGroup({
          message: secret,
          to: publicKey,
          nOnceMaterial: nOnceMaterial as never,
        });
        return [`${id}_sealedFor_${publicKey}`, dice.chance(80) ? sealed : garbage()];
      },
    ],
    [1, () => [`${id}_for_${dice.pick(['', 'x', 'parent_', '__proto__'])}`, garbage()]],
  ])();
}
