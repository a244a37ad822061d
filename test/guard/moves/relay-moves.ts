import type { RawAccountID } from 'cojson';
import { crypto } from '../nodes.ts';
import { assertSyncMessage } from '../../../src/wire/sync-message.ts';
import { sessionsOf, type Content } from '../../../src/engine/content.ts';
import type { Device } from './device.ts';
import { messageOf, type Piece } from './log.ts';
import type { World } from './world.ts';

/** The relay hands over some of what a device lacks, in any order. */
export function deliver(world: World, device: Device, isAll = false): void {
  const { dice, log } = world;
  for (const id of dice.shuffle(log.ids())) {
    if (!isAll && dice.chance(45)) continue;
    if (log.piecesOf(id).size === 0) takeIn(world, device, id, []);
    for (const [sessionID, pieces] of dice.shuffle([...log.piecesOf(id)])) {
      const known = device.countOf(id, sessionID);
      const lacking = pieces.filter(({ content }) => content.after + content.newTransactions.length > known);
      const count = isAll || dice.chance(60) ? lacking.length : dice.between(0, lacking.length);
      const cut = dice.chance(50) ? count : dice.between(0, count);
      for (const part of [lacking.slice(0, cut), lacking.slice(cut, count)])
        if (part.length > 0) takeIn(world, device, id, part);
    }
  }
}

function takeIn(world: World, device: Device, id: string, pieces: readonly Piece[], relay?: string): void {
  try {
    device.takeIn(world.log, id, pieces, relay);
  } catch (error) {
    world.breaches.push(`throws: ${device.person.name} taking in ${id}: ${String(error)}`);
  }
}

/** The relay replays what an honest session has written, in another place. */
export function replay(world: World): void {
  const { dice, log, retired, devices, groupIDs } = world;
  const live = devices.flatMap(({ node, person }) =>
    log.ids().map((id) => ({ pieces: log.piecesOf(id).get(node.currentSessionID) ?? [], author: person.id })),
  );
  const { pieces, author } = dice.pick(
    [...retired, ...retired, ...live].filter((one) => one.pieces.length > 0),
  );
  const [first] = pieces;
  if (!first) return;
  const beginning = pieces.slice(0, dice.between(1, pieces.length));
  const into = dice.pick([groupIDs.top, groupIDs.low, ...world.values.map(({ id }) => id)]);
  const other = dice.pick([first.sessionID, crypto.newRandomSessionID(author as RawAccountID)]);
  // A private beginning takes the place of what the session would write there, which sync mends and a node alone does not.
  const isLive = devices.some(({ node }) => node.currentSessionID === other);
  const isPrivate = first.content.newTransactions[0]?.privacy === 'private';
  if ((isLive && isPrivate) || log.countOf(into, other) > 0 || into === first.id) return;
  const copies = beginning.map(({ content }) => ({ id: into, sessionID: other, content }));
  for (const device of devices) if (dice.chance(60)) takeIn(world, device, into, copies, 'other relay');
}

/** The relay hands over a broken message. */
export function garble(world: World): void {
  const { dice, log } = world;
  const device = dice.pick(world.devices);
  const id = dice.pick(log.ids());
  const all = [...log.piecesOf(id).values()].flat();
  if (all.length === 0) return;
  const message = messageOf(log, id, [dice.pick(all)], dice.chance(30));
  for (const [sessionID, content] of sessionsOf(message)) {
    const known = device.countOf(id, sessionID);
    const [first] = content.newTransactions;
    dice.pick<() => void>([
      // The same again, or too far ahead.
      () => {},
      () => void (content.after = known + dice.between(1, 5)),
      () => void (first && (first.madeAt += 1)),
      () =>
        void (
          first?.privacy === 'trusting' &&
          (first.meta = JSON.stringify({ at: `${id}/${sessionID}`, x: 1 }) as never)
        ),
      () => void content.newTransactions.reverse(),
      () => void (content.lastSignature = `signature_z${'1'.repeat(64)}`),
    ])();
    // Whole sessions come from an honest relay, too: only this one differs.
    if (content.after < known) content.after = known;
  }
  if (!isFromWire(message)) return;
  try {
    device.receive(message, 'other relay');
  } catch (error) {
    world.breaches.push(`throws: ${device.person.name} taking in what is broken: ${String(error)}`);
  }
}

function isFromWire(message: Content): boolean {
  try {
    assertSyncMessage(message);
    return true;
  } catch {
    return false;
  }
}
