import { need } from './need.ts';
import { sendToAll, content } from './messages.ts';
import { coValueOf, commonLength, sessionOf, type Model, type Slot, type World } from './world.ts';

/** A relay holds another history of a session of this device. */
export function meetDifference(
  world: World,
  model: Model,
  index: number,
  { slot, theirs, relay }: { slot: Slot; theirs: string; relay: number },
): void {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const mine = tab.memory[slot] ?? '';
  const from = commonLength(mine, theirs);
  const isHandled = tab.queue.some((write) => write.displaces?.slot === slot);
  if (model.has('forkOnce') && (isHandled || device.ended.includes(slot))) return;
  const isReplay = !world.signedFor[need(theirs[from])]?.includes(slot);
  if (isReplay && model.has('samePlace')) {
    const key = `${relay}.${slot}`;
    if (tab.replaced.includes(key)) return;
    tab.replaced.push(key);
    const spare = startSession(world, index);
    tab.spare[coValueOf(slot)] = spare;
    return writeAgain(world, model, index, { slot, from: 0, theirs: '', session: spare });
  }
  if (isReplay) world.broken = 'G8: a replay retires a session';
  if (tab.session === sessionOf(slot)) tab.session = startSession(world, index);
  writeAgain(world, model, index, { slot, from, theirs, session: tab.session });
}

function startSession(world: World, index: number): string {
  const device = need(world.devices[need(world.tabs[index]).device]);
  const session = String(world.nextSession++);
  device.sessions.push(session);
  return session;
}

/** What differs is written again under another session; once that is stored, the pieces move to `aside`. */
function writeAgain(
  world: World,
  model: Model,
  index: number,
  { slot, from, theirs, session }: { slot: Slot; from: number; theirs: string; session: string },
): void {
  const tab = need(world.tabs[index]);
  const coValue = coValueOf(slot);
  const copy = `${coValue}${session}`;
  const letters = (tab.memory[slot] ?? '').slice(from);
  tab.memory[slot] = theirs;
  if (theirs === '') delete tab.memory[slot];
  tab.queue = tab.queue.filter((write) => write.slot !== slot);
  if (model.has('forkHoldsWords')) tab.words = tab.words.filter((word) => word.slot !== slot);
  const displace = { slot, log: theirs, owed: 0, displaces: { slot, theirs, copy } };
  if (model.fault === 'asideFirst') tab.queue.push(displace);
  if (letters.length > 0) {
    const log = (tab.memory[copy] ?? '') + letters;
    for (const letter of letters) need(world.signedFor[letter]).push(copy);
    tab.memory[copy] = log;
    tab.queue.push({ slot: copy, log, owed: log.length, copies: letters });
    if (!model.has('rewriteSaved')) sendToAll(tab, content(copy, log));
  }
  if (model.fault !== 'asideFirst') tab.queue.push(displace);
  for (const channel of tab.channels)
    if (channel)
      channel.up = channel.up.filter((message) => !(message.is === 'content' && message.slot === slot));
}
