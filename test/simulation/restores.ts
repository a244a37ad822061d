import type { RawCoID } from 'cojson';
import { confirmedIn, type ConfirmedEdit, type RememberedRelay } from '../../src/storage/remembered-relay.ts';
import { splitFrame } from '../../src/wire/frames.ts';
import { isOfAnother, isStoredIn, keyOf, serverAt, type ServedTables } from './relay-tables.ts';
import type { RelayWords } from './relay-words.ts';
import type { Restores, SimDevice } from './world.ts';

interface Restore {
  readonly before: ServedTables;
  readonly after: ServedTables;
  /** By the device's name. */
  readonly losses: ReadonlyMap<string, Loss>;
  /** What the relay had said before. */
  readonly words: Pick<RelayWords, 'countsAt'>;
  /** The highest counts that each device has sent since then, by its name, then by CoValue and session. */
  readonly sent: Map<string, Map<string, number>>;
}

/** What a device can detect a restore by. Judged by its record as it was then: later confirmations displace entries. */
interface Loss {
  readonly record: RememberedRelay;
  /** The hello, or its absence, tells. */
  isOther: boolean;
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

  function missingOf({ relays }: SimDevice, tables: ServedTables): readonly ConfirmedEdit[] {
    const record = relays.get(relayID) ?? {};
    const { losses = 0 } = record;
    // The relay is not known to have again what an earlier generation had.
    const current = confirmedIn(record).filter(({ generation = 0 }) => generation >= losses);
    return current.filter((entry) => !isStoredIn(tables, entry));
  }

  function lossOf(device: SimDevice, after: ServedTables): Loss {
    const record = device.relays.get(relayID) ?? {};
    return {
      record,
      isOther: isOfAnother(record, after),
      entries: missingOf(device, after),
      entriesAtFirst: undefined,
      hasRecord: (record.confirmed ?? []).length > 0,
    };
  }

  /** A newer backup, or the earlier server, may return what was lost, before a device connected in between. */
  function returnTo(loss: Loss, before: ServedTables, after: ServedTables): void {
    if (!isOfAnother(loss.record, after)) loss.isOther = false;
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
    if (!loss || loss.isOther) return loss !== undefined;
    const { entries, entriesAtFirst = entries } = loss;
    return !entries.every(isBack) && !entriesAtFirst.every(isBack);
  }

  function wasSaid(
    { before, words }: Restore,
    { name }: SimDevice,
    { id, sessionID, count }: ConfirmedEdit,
  ): boolean {
    const said = words.countsAt(name, serverAt(relayID, before.identity), id);
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
    hasLost: (edit) => restores.some((restore) => loses(restore, edit)),
    hasGoneBack: (edit) =>
      restores.some((restore) => restore.before.identity && restore.after.identity && loses(restore, edit)),
    excuses(device, edit) {
      const lostBy = restores.findLastIndex((restore) => loses(restore, edit));
      const lost = restores[lostBy];
      if (!lost?.losses.get(device.name)?.hasRecord || !wasSaid(lost, device, edit)) return false;
      // Each later restore makes the device compare this edit as well.
      return !restores.slice(lostBy).some((restore) => mustDetect(restore, device));
    },
  };
}

function loses({ before, after }: Restore, edit: ConfirmedEdit): boolean {
  return isStoredIn(before, edit) && !isStoredIn(after, edit);
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
