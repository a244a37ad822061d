import type { RawCoList, RawCoMap, RawCoStream } from 'cojson';
import { authorOf } from '../../../src/engine/content.ts';
import type { Device } from './device.ts';
import { contentOn, seenBy } from './honest-steps.ts';
import { canRead, canWrite } from './model.ts';
import type { Value, World } from './world.ts';

/** One edit in the history of a value, as a device shows it. */
export interface Shown {
  readonly by: string;
  readonly shown: unknown;
}

/** Undefined if the value is not here, or has no authors to show. */
export function historyOn(device: Device, value: Value): readonly Shown[] | undefined {
  if (!device.node.getCoValue(value.id as 'co_z1').isAvailable()) return undefined;
  if (value.kind === 'map') {
    const map = contentOn<RawCoMap>(device, value);
    return Object.keys(map.ops).flatMap((key) =>
      [...map.editsAt(key)].map((edit) => ({ by: edit.by, shown: edit.value })),
    );
  }
  if (value.kind === 'list') return itemsOf(contentOn<RawCoList>(device, value));
  if (value.kind === 'text')
    return contentOn<{ toJSON(): string }>(device, value).toJSON().length >= 0 ? [] : [];
  const { items } = contentOn<RawCoStream>(device, value);
  return Object.entries(items).flatMap(([sessionID, list]) =>
    list.map((item) => ({ by: authorOf(sessionID), shown: item.value })),
  );
}

/** Items that do not count stay in the list, hidden, because others are placed beside them. */
function itemsOf(list: RawCoList): readonly Shown[] {
  return list.entries().map(({ value, opID }) => ({ by: authorOf(opID.sessionID), shown: value }));
}

/** Also those that are deleted. */
function deletedItemsOf({ insertions }: RawCoList): readonly unknown[] {
  return Object.values(insertions)
    .flatMap((byTransaction) => Object.values(byTransaction))
    .flatMap((byChange) => Object.values(byChange))
    .map(({ change }) => change.value);
}

/** Everything that a device shows of a value is by who wrote it for this value, and had the right to. */
export function checkShown(world: World, device: Device): void {
  const { model, written, breaches, edits } = world;
  const seen = seenBy(device, world);
  const isUpToDate = seen === model.states.length - 1;
  for (const value of world.values) {
    const breach = (what: string) =>
      void breaches.push(`${what}: ${device.person.name} shows in ${value.label}`);
    let history: readonly Shown[];
    try {
      history = historyOn(device, value) ?? [];
      if (device.node.getCoValue(value.id as 'co_z1').isDeleted) breach('deleted: nothing');
    } catch (error) {
      breach(`throws: ${String(error)}`);
      continue;
    }
    const count = new Map<unknown, number>();
    for (const { by, shown } of history) {
      count.set(shown, (count.get(shown) ?? 0) + 1);
      const isByPhone = typeof shown === 'string' && shown.startsWith(`phone|${value.label}|`);
      const isOwner = by === world.devices[0].person.id;
      const one = typeof shown === 'string' ? written.get(shown) : undefined;
      // A list that names a branch keeps its names, see docs/what-the-relay-sees.md.
      if (isByPhone ? !isOwner : one && one.by !== by && value.kind !== 'list')
        breach(`name: ${String(shown)} by another`);
      else if (one && one.value.label !== value.label) breach(`place: ${one.text}`);
      else if (
        !one &&
        !isByPhone &&
        world.devices.some(({ person }) => person.id === by) &&
        value.kind !== 'list' &&
        shown !== undefined
      )
        breach(`name: ${JSON.stringify(shown)} by an honest person`);
      const author = one?.by ?? by;
      if (!model.isEver(canWrite, value.group, author)) breach(`write: ${String(shown)} without a right`);
      else if (
        one &&
        isUpToDate &&
        !edits.includes(one as never) &&
        !model.mayWriteAt(value.group, one.by, one.atMs)
      )
        breach(`write: ${one.text} at a date without a right`);
    }
    for (const [shown, times] of count)
      if (
        value.kind !== 'map' &&
        times > 1 &&
        typeof shown === 'string' &&
        (/^phone/.test(shown) || edits.some(({ text }) => text === shown))
      )
        breach(`replay: ${shown} twice`);
    checkEdits(world, device, value, history, seen);
  }
}

/** What the honest have written is readable for all who may read, once they have it. */
function checkEdits(
  world: World,
  device: Device,
  value: Value,
  history: readonly Shown[],
  seen: number,
): void {
  const { model, edits, breaches } = world;
  if (model.disturbed.has(value.group)) return;
  const all = new Set(history.map(({ shown }) => shown));
  if (value.kind === 'list' && device.node.getCoValue(value.id as 'co_z1').isAvailable())
    for (const item of deletedItemsOf(contentOn<RawCoList>(device, value))) all.add(item);
  for (const edit of edits) {
    if (edit.value !== value || seen < edit.state || device.countOf(value.id, edit.sessionID) <= edit.index)
      continue;
    if (edit.had.some(({ groupID, sessionID, count }) => device.countOf(groupID, sessionID) < count))
      continue;
    if (canRead(model.rolesOf(seen, value.group, device.person.id, true)) && !all.has(edit.text))
      breaches.push(`lost: ${device.person.name} does not show ${edit.text}`);
  }
}
