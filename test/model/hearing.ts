import { need } from './need.ts';
import { meetDifference } from './forks.ts';
import { ask, beginGeneration, joinLast, unsavedGeneration } from './generations.ts';
import { isPending, raise, relayKey, saidKey, settledCount } from './ledger.ts';
import { content, send } from './messages.ts';
import {
  coValueOf,
  commonLength,
  deletionOf,
  isDeletion,
  sessionOf,
  slotsOf,
  type Counts,
  type Down,
  type Model,
  type Slot,
  type Why,
  type World,
} from './world.ts';

/** A tab takes the next message of a relay. */
export function hear(world: World, model: Model, index: number, relay: number): void | false {
  const channel = need(need(world.tabs[index]).channels[relay]);
  const message = need(channel.down[0]);
  if (channel.generation === 0) {
    // Until the record was read, words wait. Without the rule, an answer already makes the tab send again.
    if (model.has('holdRefill') || message.is !== 'known') return false;
    channel.down.shift();
    refill(world, index, relay, message.of, message.counts);
    return;
  }
  channel.down.shift();
  if (message.is === 'content') return hearContent(world, model, index, relay, message);
  if (message.is === 'audited') return hearAudit(world, model, index, relay, message);
  hearKnown(world, model, index, relay, message);
}

function refill(world: World, index: number, relay: number, of: string, counts: Counts): void {
  const tab = need(world.tabs[index]);
  for (const slot of slotsOf(tab.memory, of))
    if (need(tab.memory[slot]).length > (counts[slot] ?? 0))
      send(need(tab.channels[relay]), content(slot, need(tab.memory[slot])));
}

function hearContent(
  world: World,
  model: Model,
  index: number,
  relay: number,
  { slot, log, why }: Extract<Down, { is: 'content' }>,
): void {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const channel = need(tab.channels[relay]);
  const coValue = coValueOf(slot);
  const isHere = (letter: string) => world.signedFor[letter]?.includes(slot) ?? false;
  if (tab.memory[slot] === undefined && device.stored[slot] !== undefined)
    tab.memory[slot] = device.stored[slot];
  const mine = tab.memory[slot] ?? '';
  if (tab.memory[deletionOf(coValue)] !== undefined && !isDeletion(slot)) return;
  if (why === 'probe') {
    const same = commonLength(mine, log);
    if (same < Math.min(mine.length, log.length)) {
      const isSettled = device.ended.includes(slot) && model.has('displacedCompared');
      if (isSettled) addWord(world, model, index, { relay, slot, count: mine.length });
      else meetDifference(world, model, index, { slot, theirs: log, relay });
      return;
    }
    if (!channel.compared.includes(slot)) channel.compared.push(slot);
    addWord(world, model, index, { relay, slot, count: same });
    if (same < mine.length) send(channel, content(slot, mine));
    return;
  }
  if (model.has('dropReplays') && [...log].some((letter) => !isHere(letter))) return;
  if (log.startsWith(mine)) {
    if (log === mine) return;
    tab.memory[slot] = log;
    const isOwed = isDeletion(slot)
      ? model.has('deletionOwed')
      : device.sessions.includes(sessionOf(slot)) && model.has('ownSessions');
    tab.queue.push({ slot, log, owed: isOwed ? log.length : 0 });
  } else if (!mine.startsWith(log) && model.has('compareSessions'))
    meetDifference(world, model, index, { slot, theirs: log, relay });
}

function addWord(
  world: World,
  model: Model,
  index: number,
  { relay, slot, count }: { relay: number; slot: Slot; count: number },
): void {
  const tab = need(world.tabs[index]);
  if (model.has('forkHoldsWords') && tab.queue.some((write) => write.displaces?.slot === slot)) return;
  const { generation, durable } = need(tab.channels[relay]);
  if (generation === unsavedGeneration) return;
  const word = { relay, generation, slot, count, durable };
  if (!tab.words.some((other) => JSON.stringify(other) === JSON.stringify(word))) tab.words.push(word);
}

function hearAudit(
  world: World,
  model: Model,
  index: number,
  relay: number,
  { counts, want, key }: Extract<Down, { is: 'audited' }>,
): void {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const channel = need(tab.channels[relay]);
  const record = device.relays[relay];
  channel.openAudits = Math.max(0, channel.openAudits - 1);
  if (!record || (record.generation !== channel.generation && model.has('auditGeneration'))) {
    tab.channels[relay] = null;
    return;
  }
  if (record.audit === null) return;
  if (device.full) {
    tab.channels[relay] = null; // The audit goes on where it stopped.
    return;
  }
  for (const [slot, count] of Object.entries(want)) {
    const isCompared =
      model.scenario.probes && model.has('auditCompares') && device.sessions.includes(sessionOf(slot));
    // As a debt, it is asked for and compared.
    if (isCompared) raise(device.owedAt, relayKey(relay, slot), count);
    else if ((counts[slot] ?? 0) >= count) {
      if (model.has('lastOfAudit'))
        joinLast(record, [[slot, need(counts[slot])]], true, model.scenario.maxLast);
    } else if (model.has('auditDebt')) raise(device.owedAt, relayKey(relay, slot), count);
    else if (device.stored[slot] !== undefined) send(channel, content(slot, device.stored[slot]));
  }
  if (channel.openAudits === 0)
    record.audit = Math.max(model.has('auditGeneration') ? record.audit : 0, key + 1);
}

function hearKnown(
  world: World,
  model: Model,
  index: number,
  relay: number,
  { of, counts, why, names }: Extract<Down, { is: 'known' }>,
): void {
  const { scenario } = model;
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const deletion = deletionOf(of);
  const namesDeletion = counts[deletion] !== undefined;
  const asked = new Set([...slotsOf(counts, of), ...slotsOf(tab.memory, of), ...slotsOf(device.stored, of)]);
  if (tab.channels[relay]?.generation === unsavedGeneration)
    return why === undefined ? undefined : refill(world, index, relay, of, counts);
  if (why === 'named') return hearNamed(world, index, relay, { of, counts, names: names ?? [] });
  for (const slot of asked) {
    const channel = tab.channels[relay];
    if (!channel) return;
    if (why === undefined && counts[slot] === undefined) continue;
    const count = counts[slot] ?? 0;
    const isNotDenied = model.has('deletionDenies') && counts[deletion] !== undefined && slot !== deletion;
    const isSuspect = !isNotDenied && isDenied(world, model, index, relay, { slot, count, why });
    if (isSuspect || !tab.channels[relay]) continue;
    if (isNotDenied) delete channel.suspected[slot];
    if (channel.suspected[slot] !== undefined) continue;
    if (namesDeletion && slot !== deletion && model.has('deletedWords')) continue;
    const mine = tab.memory[slot] ?? '';
    const isUncompared = why !== undefined || (model.has('compareFirst') && !channel.compared.includes(slot));
    const isOwn = device.sessions.includes(sessionOf(slot));
    if (scenario.probes && model.has('compareSessions') && isOwn && isUncompared && count > 0) {
      // Of more than this tab has, the content comes, and is asked about again.
      if (count <= mine.length)
        send(channel, { is: 'ask', of, counts: { [slot]: mine.length }, why: 'probe' });
      continue;
    }
    if (counts[slot] !== undefined) addWord(world, model, index, { relay, slot, count });
    const isDebt = tab.view !== null && isPending(model, tab.view, tab.viewDeleted, { relay, slot });
    const isQueued =
      model.has('queuedOwed') && tab.queue.some((write) => write.slot === slot && write.owed > count);
    const isUnsavedCopy =
      model.has('rewriteSaved') && tab.queue.some((write) => write.slot === slot && write.copies);
    const isOwnTab = sessionOf(slot) === tab.session || isDeletion(slot);
    const isDead = tab.memory[deletion] !== undefined && !isDeletion(slot);
    if (count < mine.length && !isDead && !isUnsavedCopy && why !== undefined)
      if (isDebt || isQueued || (isOwnTab && why === 'join' && !scenario.isUnfilled))
        send(channel, content(slot, mine));
  }
}

/** Whether the answer denies a settled count. The first time, it becomes a debt and is asked for again. */
function isDenied(
  world: World,
  model: Model,
  index: number,
  relay: number,
  { slot, count, why }: { slot: Slot; count: number; why: Why | undefined },
): boolean {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const channel = need(tab.channels[relay]);
  const deny = (expected: number): boolean => {
    if (!model.has('askTwice')) {
      beginGeneration(world, model, index, relay);
      return true;
    }
    if (!device.full)
      raise(device.owedAt, relayKey(relay, slot), Math.min(expected, device.stored[slot]?.length ?? 0));
    channel.suspected[slot] = expected;
    ask(channel, tab.memory, coValueOf(slot), 'again');
    return true;
  };
  if (why === 'again') {
    const expected = channel.suspected[slot];
    if (expected === undefined) return false;
    delete channel.suspected[slot];
    if (count >= expected) return false;
    beginGeneration(world, model, index, relay);
    return true;
  }
  if (why === 'last') {
    const at = channel.lastToCheck.findIndex(([other]) => other === slot);
    const expected = at < 0 ? 0 : need(channel.lastToCheck.splice(at, 1)[0])[1];
    return count < expected && deny(expected);
  }
  if (why === 'join' || !model.has('askedAfter')) {
    const view = tab.view;
    const stored = device.stored[slot]?.length ?? 0;
    const settled = model.has('askedAfter')
      ? (channel.settled[slot] ?? 0)
      : view && view.relays[relay]?.audit === null
        ? settledCount(view, relay, slot, stored)
        : 0;
    if (settled > count) {
      delete channel.settled[slot];
      return deny(settled);
    }
  }
  return false;
}

/** Debts of a whole CoValue end once the relay has all that was stored when it was asked. */
function hearNamed(
  world: World,
  index: number,
  relay: number,
  { of, counts, names }: { of: string; counts: Counts; names: readonly string[] },
): void {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const channel = need(tab.channels[relay]);
  const lacking = slotsOf(tab.memory, of).filter(
    (slot) => need(tab.memory[slot]).length > (counts[slot] ?? 0),
  );
  for (const slot of lacking) send(channel, content(slot, need(tab.memory[slot])));
  if (lacking.length > 0 || device.relays[relay]?.generation !== channel.generation) return;
  for (const name of names) {
    const key = saidKey(relay, channel.generation, name);
    if (!device.namedSaid.includes(key)) device.namedSaid.push(key);
  }
}
