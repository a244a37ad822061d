import type { RawCoID } from 'cojson';
import type { ConfirmedEdit } from '../../src/storage/remembered-relay.ts';
import { splitFrame } from '../../src/wire/frames.ts';
import { isStoredIn, keyOf, type Tables } from './relay-tables.ts';
import type { RelayWords } from './relay-words.ts';
import type { Restores, SimDevice } from './world.ts';

interface Restore {
  readonly before: Tables;
  readonly after: Tables;
  /** By the device's name. */
  readonly losses: ReadonlyMap<string, Loss>;
  /** What the relay had said before. */
  readonly words: Pick<RelayWords, 'countsAt'>;
  /** The highest counts that each device has sent since then, by its name, then by CoValue and session. */
  readonly sent: Map<string, Map<string, number>>;
}

/** What a device can detect a restore by. Judged by its record as it was then: later confirmations displace entries. */
interface Loss {
  readonly epochBefore: string | undefined;
  hasNewEpoch: boolean;
  /** The lost ones of the last confirmations. */
  entries: readonly ConfirmedEdit[];
  /** Those that the device had to ask about when it connected for the first time: a late write may have displaced others. */
  entriesAtFirst: readonly ConfirmedEdit[] | undefined;
  /** Without a record of any confirmation, the device has counted none on disk. */
  readonly hasRecord: boolean;
}

/** Of a CoValue without transactions. */
const headerKey = (id: string) => keyOf(id, 'header');

/** `removed`: the CoValues that somebody has deleted. Their earlier content proves no loss. */
export function createRestores(relayID: string, removed: ReadonlySet<RawCoID>, words: RelayWords): Restores {
  const restores: Restore[] = [];

  function missingOf({ relays }: SimDevice, tables: Tables): readonly ConfirmedEdit[] {
    const { confirmed = [] } = relays.get(relayID) ?? {};
    return confirmed.filter((entry) => !isStoredIn(tables, entry));
  }

  function lossOf(device: SimDevice, after: Tables): Loss {
    const { storage } = device.relays.get(relayID) ?? {};
    return {
      epochBefore: storage?.epoch,
      hasNewEpoch: storage !== undefined && storage.epoch !== after.identity.epoch,
      entries: missingOf(device, after),
      entriesAtFirst: undefined,
      hasRecord: (device.relays.get(relayID)?.confirmed ?? []).length > 0,
    };
  }

  /** A newer backup may return what an earlier restore had lost, before a device connected in between. */
  function returnTo(loss: Loss, before: Tables, after: Tables): void {
    if (loss.epochBefore === after.identity.epoch) loss.hasNewEpoch = false;
    const isMissing = (entry: ConfirmedEdit) => isStoredIn(before, entry) || !isStoredIn(after, entry);
    loss.entries = loss.entries.filter(isMissing);
    loss.entriesAtFirst = loss.entriesAtFirst?.filter(isMissing);
  }

  /**
   * If only the device itself has sent a lost entry again, it must have recorded the loss before. If another device has
   * sent it, too, this one may have found it present.
   */
  function mustDetect({ losses, sent }: Restore, { name }: SimDevice): boolean {
    const loss = losses.get(name);
    const others = [...sent].flatMap(([sender, counts]) => (sender === name ? [] : counts));
    const isBack = ({ id, sessionID, count }: ConfirmedEdit) => {
      const key = count === 0 ? headerKey(id) : keyOf(id, sessionID);
      return removed.has(id) || others.some((counts) => (counts.get(key) ?? -1) >= count);
    };
    if (!loss || loss.hasNewEpoch) return loss !== undefined;
    const { entries, entriesAtFirst = entries } = loss;
    return !entries.every(isBack) && !entriesAtFirst.every(isBack);
  }

  function wasSaid(
    { words }: Restore,
    { name }: SimDevice,
    { id, sessionID, count }: ConfirmedEdit,
  ): boolean {
    const said = words.countsAt(name, relayID, id);
    return count === 0 ? said['header'] === 1 : (said[sessionID] ?? 0) >= count;
  }

  return {
    get count() {
      return restores.length;
    },
    happened(before, after, devices) {
      for (const { losses } of restores) for (const loss of losses.values()) returnTo(loss, before, after);
      const losses = new Map(devices.map((device) => [device.name, lossOf(device, after)]));
      restores.push({ before, after, losses, words: words.now(), sent: new Map() });
    },
    connecting(device, tables) {
      for (const { losses } of restores) {
        const loss = losses.get(device.name);
        if (loss) loss.entriesAtFirst ??= missingOf(device, tables);
      }
    },
    received({ name }, frame) {
      if (restores.length === 0) return;
      for (const [key, count] of countsIn(frame)) {
        for (const { sent } of restores) {
          const counts = sent.get(name) ?? new Map<string, number>();
          sent.set(name, counts.set(key, Math.max(count, counts.get(key) ?? 0)));
        }
      }
    },
    hasLost: (edit) =>
      restores.some(({ before, after }) => isStoredIn(before, edit) && !isStoredIn(after, edit)),
    excuses(device, edit) {
      const lostBy = restores.findLastIndex(
        ({ before, after }) => isStoredIn(before, edit) && !isStoredIn(after, edit),
      );
      const lost = restores[lostBy];
      if (!lost?.losses.get(device.name)?.hasRecord || !wasSaid(lost, device, edit)) return false;
      // Each later restore makes the device compare this edit as well.
      return !restores.slice(lostBy).some((restore) => mustDetect(restore, device));
    },
  };
}

/** The counts that a relay has once it has stored the frame's content. */
function countsIn(frame: string): readonly (readonly [key: string, count: number])[] {
  return splitFrame(frame).flatMap((line) => {
    if (!line.includes('"content"')) return [];
    const message = JSON.parse(line) as {
      readonly action?: string;
      readonly id: string;
      readonly header?: unknown;
      readonly new: Readonly<
        Record<string, { readonly after: number; readonly newTransactions: readonly [] }>
      >;
    };
    if (message.action !== 'content') return [];
    const { id, header } = message;
    const sessions = Object.entries(message.new).map(
      ([sessionID, { after, newTransactions }]) =>
        [keyOf(id, sessionID), after + newTransactions.length] as const,
    );
    return header ? [[headerKey(id), 0] as const, ...sessions] : sessions;
  });
}
