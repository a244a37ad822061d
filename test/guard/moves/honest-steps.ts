import type { LocalNode, RawCoList, RawCoMap, RawCoStream, RawGroup } from 'cojson';
import type { Device } from './device.ts';
import { canWrite, groupNames, type GroupName } from './model.ts';
import { feed, type Value, type World } from './world.ts';

export function groupOn({ node }: Device, { groupIDs }: World, name: GroupName): RawGroup {
  return node.expectCoValueLoaded(groupIDs[name] as 'co_z1').getCurrentContent() as RawGroup;
}

export function contentOn<T>({ node }: Device, { id }: Value): T {
  return node.expectCoValueLoaded(id as 'co_z1').getCurrentContent() as T;
}

/** The last state of the model of which the device has all of Alice's transactions. */
export function seenBy(device: Device, { model, groupIDs, devices: [main] }: World): number {
  const session = main.node.currentSessionID;
  const has = (name: GroupName, count: number) => device.countOf(groupIDs[name], session) >= count;
  const first = model.states.findIndex(({ counts }) => !groupNames.every((name) => has(name, counts[name])));
  return first === -1 ? model.states.length - 1 : first - 1;
}

/** The last state of the model of which the device has any of Alice's transactions. */
function lastSeenBy(device: Device, { model, groupIDs, devices: [main] }: World): number {
  const session = main.node.currentSessionID;
  return model.states.findLastIndex(({ counts }, state) =>
    groupNames.some((name) => {
      const before = model.states[state - 1]?.counts[name] ?? 0;
      return counts[name] > before && device.countOf(groupIDs[name], session) > before;
    }),
  );
}

/** Any step of an honest device can replace a key that has leaked. */
export function rememberKeys(world: World): void {
  for (const device of world.devices) {
    for (const name of groupNames) {
      const group = groupOn(device, world, name);
      const id = group.get('readKey');
      // A manager may set a key.
      if (!id || group.lastEditAt('readKey')?.by !== device.person.id) continue;
      const secret = group.getReadKey(id);
      if (secret && !world.keys.some(({ key }) => key.id === id))
        world.keys.push({
          group: name,
          key: { id, secret },
          state: seenBy(device, world),
          lastState: lastSeenBy(device, world),
        });
    }
  }
}

/** The relay and the attackers get what a device has written. */
export function publish(world: World, { node }: Device): void {
  for (const id of world.log.ids())
    for (const piece of world.log.take(node, id, sessionsOf(node))) feed(world.machine, world.log, piece);
}

/** An account edits itself as its agent. */
function sessionsOf(node: LocalNode): readonly string[] {
  const { currentSessionID } = node;
  const agent = node.getCurrentAgent();
  return [currentSessionID, currentSessionID.replace(agent.id, agent.currentAgentID())];
}

/** While a device has only part of what Alice did, it may have no key that it may use. */
function hasAllOfAlice({ log, groupIDs, devices: [main] }: World, device: Device): boolean {
  const session = main.node.currentSessionID;
  return Object.values(groupIDs).every((id) => device.countOf(id, session) === log.countOf(id, session));
}

/** One of the honest edits something that they may edit, as their device sees it. */
export function editHonestly(world: World): void {
  const { dice, model } = world;
  const device = dice.pick(world.devices);
  const { id, name } = device.person;
  const seen = seenBy(device, world);
  const value = dice.pick(world.values);
  const last = model.states.length - 1;
  if (value.kind === 'text' || !canWrite(model.rolesOf(seen, value.group, id, true))) return;
  const key = `${name}-${world.edits.length}`;
  const text = `${name}|${value.label}|${world.edits.length}`;
  const sessionID = device.node.currentSessionID;
  try {
    write(device, value, key, text, dice.chance(75) ? 'private' : 'trusting');
  } catch (error) {
    if (!model.disturbed.has(value.group) && hasAllOfAlice(world, device))
      world.breaches.push(`edit: ${name} cannot write ${value.label}: ${String(error)}`);
    return;
  }
  const index = device.countOf(value.id, sessionID) - 1;
  const atMs = world.clock.nowMs;
  const had = groupNames.flatMap((one) =>
    world.devices.map(({ node: { currentSessionID } }) => {
      const groupID = world.groupIDs[one];
      return { groupID, sessionID: currentSessionID, count: device.countOf(groupID, currentSessionID) };
    }),
  );
  const edit = { by: id, value, text, key, sessionID, index, seen, state: last, had, atMs };
  world.edits.push(edit);
  world.written.set(text, edit);
  publish(world, device);
}

function write(
  device: Device,
  value: Value,
  key: string,
  text: string,
  privacy: 'private' | 'trusting',
): void {
  if (value.kind === 'map') contentOn<RawCoMap>(device, value).set(key, text, privacy);
  else if (value.kind === 'list') contentOn<RawCoList>(device, value).append(text, undefined, privacy);
  else contentOn<RawCoStream>(device, value).push(text, privacy);
}
