import type { Device } from './device.ts';
import { groupOn, seenBy } from './honest-steps.ts';
import { groupNames, rankOf } from './model.ts';
import type { World } from './world.ts';

/** On an honest device, everyone's role is one that Alice gave, or less than what an attacker had the right to give. */
export function checkRoles(world: World, device: Device): void {
  const { model, devices, attackers, breaches } = world;
  const seen = seenBy(device, world);
  const states = model.states.map((_, state) => state).filter((state) => state >= seen);
  const honest = new Set(devices.map(({ person }) => person.id));
  for (const name of groupNames) {
    try {
      const group = groupOn(device, world, name);
      if (group.core.isDeleted) breaches.push(`deleted: ${name} for ${device.person.name}`);
      for (const id of [...honest, ...attackers.map((one) => one.id), 'everyone']) {
        const role = group.roleOfInternal(id as 'everyone') ?? 'revoked';
        const allowed = states.map((state) => rankOf(model.rolesOf(state, name, id)));
        // In the middle of Alice's acts, a member can have less or more for a moment.
        if (states.length === 1 && rankOf([role]) > Math.max(...allowed))
          breaches.push(`role: ${nameOf(world, id)} is ${role} in ${name} for ${device.person.name}`);
        if (
          honest.has(id) &&
          !model.disturbed.has(name) &&
          rankOf([role]) < Math.min(...states.map((state) => rankOf(model.rolesOf(state, name, id, true))))
        )
          breaches.push(`role: ${nameOf(world, id)} is only ${role} in ${name} for ${device.person.name}`);
      }
    } catch (error) {
      breaches.push(`throws: ${device.person.name} reading the group ${name}: ${String(error)}`);
    }
  }
}

export function nameOf({ devices, attackers }: World, id: string): string {
  return (
    devices.find(({ person }) => person.id === id)?.person.name ??
    attackers.find((one) => one.id === id)?.name ??
    id
  );
}
