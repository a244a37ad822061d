import { need } from './need.ts';
import { spend, spendable } from './budget.ts';
import { ask, askAboutMemory, beginChannel, joinLast, unsavedGeneration } from './generations.ts';
import { hear } from './hearing.ts';
import { hasRead, isAnyPending, isPending, owedSlots, raise, readLedger, saidBy, saidKey } from './ledger.ts';
import { countsOf, send } from './messages.ts';
import { ownerOf } from './pages.ts';
import {
  coValueOf,
  isEqual,
  slotsOf,
  type Channel,
  type Model,
  type RelayRecord,
  type Slot,
  type Step,
  type World,
} from './world.ts';

/** With a full disk, a channel begins if nothing is to be written. */
function mayBegin(model: Model, channel: Channel, record: RelayRecord | null): boolean {
  return (
    model.has('unsavedGeneration') ||
    (record !== null && record.epoch === channel.epoch && record.durable === channel.durable)
  );
}

/** What a running tab does by itself: read the ledger, connect, ask, send, audit, write words. */
export function* courierSteps(world: World, model: Model, index: number): Iterable<Step> {
  const { scenario, isFair, fault } = model;
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const name = `tab ${index + 1}`;
  if (tab.page !== 'running' || tab.isOld || device.version !== 4) return;
  const isCurrent = hasRead(tab.view, device) && isEqual(tab.viewDeleted, device.deleted);

  if (!isCurrent)
    yield { name: `${name} reads the ledger`, kind: 'read', run: (next) => readIn(next, index) };
  if (!tab.view && !isFair && spendable(world, 'failedRead'))
    yield {
      name: `${name} cannot read the ledger`,
      kind: 'harm',
      run(next) {
        spend(next, 'failedRead');
        if (fault !== 'failedReadIsEmpty') return;
        const reading = need(next.tabs[index]);
        reading.truth = readLedger(need(next.devices[tab.device]));
        reading.view = { ...readLedger(need(next.devices[tab.device])), owed: {}, owedAt: {}, said: {} };
      },
    };
  if (tab.words.length > 0 && !device.full)
    yield {
      name: `${name} writes the words it heard`,
      kind: 'words',
      run: (next) => writeWords(next, model, index),
    };
  if (tab.lateLast)
    yield {
      name: `${name} writes the last confirmed counts`,
      kind: 'words',
      run(next) {
        const late = need(next.tabs[index]);
        joinLast(
          need(next.devices[tab.device]).relays[0] ?? null,
          late.lateLast ?? [],
          model.has('lastJoined'),
          scenario.maxLast,
        );
        delete late.lateLast;
      },
    };
  for (let relay = 0; relay < world.relays.length; relay++) yield* channelSteps(world, model, index, relay);
  yield* asideSteps(world, model, index);
  if (!isFair && spendable(world, 'signOut') && tab.view) yield* signOutSteps(world, model, index);
}

function readIn(world: World, index: number): void {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  tab.view = readLedger(device);
  tab.viewDeleted = [...device.deleted];
  tab.truth = null;
  for (const [slot, log] of Object.entries(device.stored)) {
    const isWarm = Object.keys(tab.memory).some((other) => coValueOf(other) === coValueOf(slot));
    if (isWarm && log.startsWith(tab.memory[slot] ?? '')) tab.memory[slot] = log;
  }
}

function* channelSteps(world: World, model: Model, index: number, relay: number): Iterable<Step> {
  const { scenario, isFair, fault } = model;
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const channel = tab.channels[relay];
  const [name, to] = [`tab ${index + 1}`, `relay ${relay + 1}`];
  const isIdle = scenario.idleTab === index;
  const record = device.relays[relay] ?? null;

  if (!channel) {
    if (!device.isSignedOut && (isFair ? !isIdle : spendable(world, 'connect')))
      yield {
        name: `${name} connects to ${to}`,
        kind: 'connect',
        run(next) {
          if (!isFair) spend(next, 'connect');
          const { epoch, durable } = need(next.relays[relay]);
          const connecting = need(next.tabs[index]);
          connecting.channels[relay] = {
            epoch, durable, generation: 0, up: [], down: [], lastToCheck: [], settled: {}, suspected: {}, openAudits: 0, compared: [], replaced: null }; // prettier-ignore
          if (!model.has('holdRefill')) askAboutMemory(next, index, relay);
        },
      };
    return;
  }
  if (!isFair && spendable(world, 'cut'))
    yield {
      name: `the connection of ${name} to ${to} breaks`,
      kind: 'harm',
      run(next) {
        spend(next, 'cut');
        need(next.tabs[index]).channels[relay] = null;
      },
    };
  if (channel.down.length > 0) {
    const message = need(channel.down[0]);
    const what =
      message.is === 'content'
        ? `“${message.slot}: ${message.log}”`
        : `that it has ${JSON.stringify(message.counts).replaceAll('"', '')} of ${message.of}`;
    yield {
      name: `${name} hears from ${to} ${what}`,
      kind: 'hear',
      run: (next) => hear(next, model, index, relay),
    };
  }
  if (channel.generation === 0) {
    if (tab.view && !(device.full && isFair && !mayBegin(model, channel, record)))
      yield {
        name: `${name} begins with ${to}`,
        kind: 'begin',
        run: (next) => beginChannel(next, model, index, relay),
      };
    return;
  }
  if (channel.generation === unsavedGeneration ? !device.full : record?.generation !== channel.generation) {
    if (model.has('ownGeneration')) {
      if (hasRead(tab.view, device))
        yield {
          name: `${name} connects anew to ${to}, because the generation is another`,
          kind: 'anew',
          run: (next) => void (need(next.tabs[index]).channels[relay] = null),
        };
    } else if (tab.view?.relays[relay] && tab.view.relays[relay].generation !== channel.generation) {
      const { generation } = tab.view.relays[relay];
      yield {
        name: `${name} takes over the new generation of ${to}`,
        kind: 'anew',
        run(next) {
          const taking = need(next.tabs[index]);
          need(taking.channels[relay]).generation = generation;
          for (const word of taking.words) if (word.relay === relay) word.generation = generation;
        },
      };
    }
  }
  const isReady =
    tab.view &&
    channel.generation !== unsavedGeneration &&
    channel.lastToCheck.length === 0 &&
    !(isFair && isIdle);
  if (!isReady) return;
  const isQuiet =
    channel.up.length === 0 &&
    channel.down.length === 0 &&
    tab.words.every((word) => word.relay !== relay || device.full);
  if (isQuiet)
    for (const coValue of scenario.coValues) {
      if (!needsAsking(world, model, index, relay, coValue)) continue;
      yield {
        name: `${name} asks ${to} about ${coValue}`,
        kind: 'ask',
        run(next) {
          const asking = need(next.tabs[index]);
          loadStored(next, index, coValue);
          ask(need(asking.channels[relay]), asking.memory, coValue, 'debt');
        },
      };
    }
  const openNames = need(tab.view).named.filter(
    (debt) => !need(tab.view).namedSaid.includes(saidKey(relay, channel.generation, debt)),
  );
  if (isQuiet && openNames.length > 0)
    yield {
      name: `${name} asks ${to} about ${openNames.join(', ')}`,
      kind: 'ask',
      run(next) {
        const asking = need(next.tabs[index]);
        for (const coValue of new Set(openNames.map((debt) => debt.charAt(1)))) {
          loadStored(next, index, coValue);
          const names = openNames.filter((debt) => debt.charAt(1) === coValue);
          send(need(asking.channels[relay]), {
            is: 'ask',
            of: coValue,
            counts: countsOf(asking.memory, coValue),
            why: 'named',
            names,
          });
        }
      },
    };
  const mayAudit = record && record.audit !== null && channel.openAudits === 0;
  if (mayAudit && (record.generation === channel.generation || !model.has('auditGeneration')))
    yield {
      name: `${name} audits ${to}`,
      kind: 'audit',
      run: (next) => auditNext(next, model, index, relay),
    };
  if (fault === 'tabClears')
    for (const slot of Object.keys(device.owed))
      if (
        world.tabs.some(
          (other, at) =>
            at !== index &&
            other.channels[relay]?.up.some((message) => message.is === 'content' && message.slot === slot),
        )
      )
        yield {
          name: `${name} believes another tab that it sent ${slot}`,
          kind: 'harm',
          run: (next) => void delete need(next.devices[tab.device]).owed[slot],
        };
  if (fault === 'saidEarly')
    for (const message of channel.up)
      if (message.is === 'content')
        yield {
          name: `${name} takes ${message.slot} as confirmed once it is sent`,
          kind: 'harm',
          run(next) {
            const { generation, durable } = need(need(next.tabs[index]).channels[relay]);
            need(next.tabs[index]).words.push({
              relay,
              generation,
              slot: message.slot,
              count: message.log.length,
              durable,
            });
          },
        };
}

/** Whether this tab sees to some debt of the CoValue: a tab to its own, any tab to those that nobody delivers. */
function needsAsking(world: World, model: Model, index: number, relay: number, coValue: string): boolean {
  const { scenario } = model;
  const tab = need(world.tabs[index]);
  const view = need(tab.view);
  const isMine = (slot: Slot) => {
    const owner = ownerOf(world, tab.device, slot);
    if (owner !== undefined && owner !== scenario.idleTab) return true;
    return model.has('anyTab') || index === (scenario.orphansTab ?? 0);
  };
  const isHeard = (slot: Slot, count: number) =>
    saidBy(view, relay, slot) >= count ||
    tab.words.some((word) => word.relay === relay && word.slot === slot && word.count >= count);
  const pending = owedSlots(view).some(
    (slot) =>
      coValueOf(slot) === coValue &&
      isPending(model, view, tab.viewDeleted, { relay, slot }) &&
      isMine(slot) &&
      !isBeyondStored(world, model, index, slot),
  );
  if (pending) return true;
  const queued = tab.queue.filter(
    (write) => coValueOf(write.slot) === coValue && write.owed > 0 && !write.displaces,
  );
  return (
    model.has('queuedOwed') &&
    need(world.devices[tab.device]).full &&
    queued.some(({ slot, owed }) => !isHeard(slot, owed) && slotsOf(tab.memory, coValue).includes(slot))
  );
}

/** A debt of content that was never stored, and that nobody holds. */
export function isBeyondStored(world: World, model: Model, index: number, slot: Slot): boolean {
  const { device } = need(world.tabs[index]);
  const owner = need(world.devices[device]);
  const stored = owner.stored[slot]?.length ?? 0;
  const isHeld = world.tabs.some(
    (tab) => tab.device === device && tab.page !== 'closed' && (tab.memory[slot]?.length ?? 0) > stored,
  );
  if (!model.scenario.beside || !model.has('storedOnly') || isHeld) return false;
  const isCovered = owner.relays.every((_, relay) => saidBy(owner, relay, slot) >= stored);
  return (owner.owed[slot] ?? 0) > stored && isCovered;
}

function loadStored(world: World, index: number, coValue: string): void {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  for (const slot of slotsOf(device.stored, coValue))
    if (need(device.stored[slot]).startsWith(tab.memory[slot] ?? ''))
      tab.memory[slot] = need(device.stored[slot]);
}

function auditNext(world: World, model: Model, index: number, relay: number): void | false {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const channel = need(tab.channels[relay]);
  const record = need(device.relays[relay]);
  const key = device.segments
    .map(([at]) => at)
    .filter((at) => at >= (record.audit ?? 0))
    .toSorted((a, b) => a - b)[0];
  if (device.full) return false;
  if (key === undefined) {
    record.audit = null;
    return;
  }
  if (model.fault === 'auditAhead') record.audit = key + 1;
  const coValues = new Set(device.segments.filter(([at]) => at === key).map(([, slot]) => coValueOf(slot)));
  for (const of of coValues) {
    const before = channel.up.length;
    send(channel, { is: 'audit', of, counts: countsOf(device.stored, of), key });
    channel.openAudits += channel.up.length - before;
  }
}

/** Writes what a tab heard, in one transaction with the last confirmed counts. */
function writeWords(world: World, model: Model, index: number): void {
  const tab = need(world.tabs[index]);
  const device = need(world.devices[tab.device]);
  const kept: typeof tab.words = [];
  const lastByRelay = new Map<number, [Slot, number][]>();
  for (const word of tab.words) {
    const record = device.relays[word.relay];
    if (!record) continue;
    if (model.has('ownGeneration') && record.generation !== word.generation) continue;
    if (record.durable && !word.durable)
      world.broken = 'T6: durable by a word of a relay that promised nothing';
    const stored = device.stored[word.slot]?.length ?? 0;
    if (model.has('savedOnly') && stored < word.count) {
      if (tab.queue.some((write) => write.slot === word.slot)) {
        kept.push(word);
        continue;
      }
      word.count = stored;
    }
    const generation = model.has('ownGeneration') ? word.generation : record.generation;
    raise(device.said, saidKey(word.relay, generation, word.slot), word.count);
    lastByRelay.set(word.relay, [...(lastByRelay.get(word.relay) ?? []), [word.slot, word.count]]);
  }
  tab.words = kept;
  for (const [relay, counts] of lastByRelay) {
    if (model.has('lastWithWords'))
      joinLast(device.relays[relay] ?? null, counts, model.has('lastJoined'), model.scenario.maxLast);
    else tab.lateLast = counts;
  }
}

/** Displaced pieces go once their copy is confirmed. */
function* asideSteps(world: World, model: Model, index: number): Iterable<Step> {
  const { device: at } = need(world.tabs[index]);
  const device = need(world.devices[at]);
  if (device.full) return;
  for (const [place, { slot, copy }] of device.aside.entries()) {
    const relays = [...device.relays.keys()].filter((relay) => device.relays[relay]);
    const isConfirmed = (relay: number) =>
      need(device.relays[relay]).audit === null &&
      !isPending(model, device, device.deleted, { relay, slot: copy });
    if (!model.has('asideUntilConfirmed') || relays.every(isConfirmed))
      yield {
        name: `what a fork displaced of ${slot} is deleted`,
        kind: 'aside',
        run: (next) => void need(next.devices[at]).aside.splice(place, 1),
      };
  }
}

function* signOutSteps(world: World, model: Model, index: number): Iterable<Step> {
  const name = `tab ${index + 1}`;
  const { device: at } = need(world.tabs[index]);
  const isOwing = (next: World) => {
    const device = need(next.devices[at]);
    return (
      isAnyPending(model, device) ||
      device.aside.length > 0 ||
      device.relays.some((record) => record?.audit !== null && record !== null)
    );
  };
  const remove = (next: World) => {
    const device = need(next.devices[at]);
    Object.assign(device, { isSignedOut: true, stored: {}, segments: [], owed: {}, owedAt: {}, saved: '' });
  };
  if (model.has('exclusiveSignOut'))
    yield {
      name: `${name} signs out`,
      kind: 'harm',
      run(next) {
        if (isOwing(next)) return false;
        spend(next, 'signOut');
        remove(next);
      },
    };
  else if (!world.signOutCheck)
    yield {
      name: `${name} checks that nothing is owed`,
      kind: 'harm',
      run(next) {
        if (isOwing(next)) return false;
        next.signOutCheck = true;
      },
    };
  else
    yield {
      name: `${name} deletes the database`,
      kind: 'harm',
      run(next) {
        spend(next, 'signOut');
        if (isOwing(next)) next.broken = 'T9: an edit that is saved and owed leaves by a sign-out';
        remove(next);
      },
    };
}
