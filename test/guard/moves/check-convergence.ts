import { isDeepStrictEqual } from 'node:util';
import { openDevice, type Device } from './device.ts';
import { groupOn } from './honest-steps.ts';
import { canRead, groupNames } from './model.ts';
import { deliver } from './relay-moves.ts';
import type { World } from './world.ts';

/** All devices that have everything show the same, also new ones. */
export async function checkConvergence(world: World): Promise<void> {
  const { devices, model, breaches, dice, clock } = world;
  const fresh = await Promise.all([devices[0], dice.pick(devices)].map(({ person }) => openDevice(person)));
  for (const device of fresh) deliver(world, device, true);
  await clock.settle();
  clock.nowMs += 10_000;
  await clock.settle();
  for (const device of fresh) deliver(world, device, true);
  await clock.settle();
  const all = [...devices, ...fresh];
  const views = all.map((device) => viewOn(world, device));
  all.forEach((device, place) => {
    const other = all.findIndex(({ person }) => person === device.person);
    if (other !== place)
      compare(breaches, `${device.person.name} on another device`, views[other], views[place]);
    compare(breaches, `roles for ${device.person.name}`, views[0]?.roles, views[place]?.roles);
    for (const { label, group } of world.values)
      if (
        !model.disturbed.has(group) &&
        canRead(model.rolesOf(model.states.length - 1, group, device.person.id, true))
      )
        compare(
          breaches,
          `${label} for ${device.person.name}`,
          views[0]?.values[label],
          views[place]?.values[label],
        );
  });
}

function compare(breaches: string[], what: string, one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other))
    breaches.push(`differs: ${what}\n${JSON.stringify(one)}\n${JSON.stringify(other)}`);
}

function viewOn(world: World, device: Device) {
  const members = [
    ...world.devices.map(({ person }) => person.id),
    ...world.attackers.map(({ id }) => id),
    'everyone',
  ];
  const attempt = <T>(read: () => T): T | string => {
    try {
      return read();
    } catch (error) {
      return `throws ${String(error)}`;
    }
  };
  const roles = groupNames.map((name) =>
    attempt(() =>
      members.map((id) => groupOn(device, world, name).roleOfInternal(id as 'everyone') ?? 'none'),
    ),
  );
  const values = world.values.map(
    ({ id, label }) =>
      [
        label,
        attempt((): unknown =>
          JSON.parse(
            JSON.stringify(
              device.node
                .expectCoValueLoaded(id as 'co_z1')
                .getCurrentContent()
                .toJSON(),
            ),
          ),
        ),
      ] as const,
  );
  return { roles, values: Object.fromEntries(values) };
}
