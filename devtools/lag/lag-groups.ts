import type {
  LagByPriority,
  LagFigures,
  LagToRungs,
  LagWindow,
  Measure,
} from '../../src/inspect/snapshot/lag-facts.ts';
import { stuckAfterMs } from '../../src/inspect/unsynced/rung-states.ts';
import { priorities, type Priority } from '../../src/inspect/snapshot/queue-facts.ts';
import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { RungName } from '../../src/inspect/snapshot/overview-facts.ts';
import { formatCount, formatDuration } from '../../src/inspect/shared/format.ts';
import type { Tone } from '../../src/inspect/report/headline.ts';

/** A rung with its figures, or a note that explains why there are none. */
export interface LagGroup {
  readonly measure: Measure;
  readonly name: string;
  /** Replaces the rows. */
  readonly note?: string;
  readonly rows: readonly LagRow[];
  /** Says after which rung the time begins, if not after the edit. */
  readonly from?: string;
  /** The edits that have not reached the rung. */
  readonly waiting?: { readonly count: string; readonly age: string; readonly tone: Tone };
}

export interface LagRow {
  readonly priority: Priority;
  readonly name: string;
  readonly figures: LagFigures | undefined;
}

const names: Readonly<Record<Measure, string>> = {
  saved: 'Saved',
  sent: 'Sent',
  confirmed: 'Confirmed',
  durable: 'Durable',
  answered: 'Answer',
};
const priorityNames: Readonly<Record<Priority, string>> = { high: 'High', medium: 'Medium', low: 'Low' };

/** For one relay if `relayID` is given, otherwise for the slowest relay of each edit. */
export function lagGroups(
  snapshot: InspectorSnapshot,
  window: LagWindow,
  relayID: string | undefined,
): readonly LagGroup[] {
  const relay = window.relays.find(({ id }) => id === relayID);
  const figures: LagToRungs = relay ? { ...relay, saved: window.all.saved } : window.all;
  const group = (measure: Measure, note: string | undefined): LagGroup => {
    const waiting = relay || measure === 'answered' ? undefined : waitingFor(snapshot, measure);
    return {
      ...{ measure, name: names[measure] },
      ...(note !== undefined && { note }),
      rows: note === undefined ? rowsOf(figures[measure]) : [],
      ...(measure === 'answered' && { from: 'after sent' }),
      ...(waiting && { waiting }),
    };
  };
  return [
    group('saved', savedNote(snapshot, figures) ?? noneNote(figures.saved, window)),
    group('sent', relayNote(snapshot, figures.sent, window)),
    group('confirmed', relayNote(snapshot, figures.confirmed, window)),
    group('durable', durableNote(snapshot, figures, relayID) ?? relayNote(snapshot, figures.durable, window)),
    group('answered', answeredNote(figures) ?? relayNote(snapshot, figures.answered, window)),
  ];
}

export function formatWindow(windowMs: number): string {
  return `last ${Math.round(windowMs / 60_000)} min`;
}

/** Whether the window has any measurements. */
export function hasFigures({ all, relays }: LagWindow): boolean {
  return [
    all.saved,
    all.sent,
    all.confirmed,
    ...relays.flatMap(({ sent, confirmed }) => [sent, confirmed]),
  ].some((byPriority) => byPriority.all);
}

function rowsOf(byPriority: LagByPriority): readonly LagRow[] {
  return priorities.map((priority) => ({
    ...{ priority, name: priorityNames[priority] },
    figures: byPriority[priority],
  }));
}

/** The note for rungs that depend on a relay. */
function relayNote(
  { overview }: InspectorSnapshot,
  byPriority: LagByPriority,
  window: LagWindow,
): string | undefined {
  if (byPriority.all || overview.status !== 'off') return noneNote(byPriority, window);
  return 'sync is switched off: nothing is sent';
}

function noneNote(byPriority: LagByPriority, { windowMs }: LagWindow): string | undefined {
  return byPriority.all ? undefined : `no edit reached this rung in the ${formatWindow(windowMs)}`;
}

function savedNote({ overview }: InspectorSnapshot, { saved }: LagToRungs): string | undefined {
  if (saved.all || overview.storage.state !== 'memory-only') return undefined;
  return 'nothing is saved on this device, so nothing is timed';
}

function answeredNote({ confirmed, answered }: LagToRungs): string | undefined {
  if (answered.all || !confirmed.all) return undefined;
  return 'none: every answer arrived before the socket was seen empty';
}

function durableNote(
  { overview, peers }: InspectorSnapshot,
  { durable, confirmed }: LagToRungs,
  relayID: string | undefined,
): string | undefined {
  const isSame = priorities.every((priority) => durable[priority]?.count === confirmed[priority]?.count);
  const places = relayID === undefined ? peers : peers.filter(({ id }) => id === relayID);
  if (durable.all) {
    return isSame ? `same as confirmed: ${describePlaces(places.length)} only after committing` : undefined;
  }
  if (overview.status === 'off') return undefined;
  const promise = relayID === undefined ? overview.durability : places[0]?.promises;
  if (promise === 'none') return 'not promised: a relay keeps confirmed data in memory only';
  if (promise === 'unknown') return 'not promised: no relay has reported its durability';
  return undefined;
}

function describePlaces(count: number): string {
  if (count === 1) return 'the relay confirms';
  return count === 2 ? 'both relays confirm' : `all ${count} relays confirm`;
}

function waitingFor(
  { overview, lag, atMs }: InspectorSnapshot,
  rung: RungName,
): LagGroup['waiting'] | undefined {
  const oldest = lag.oldest[rung];
  const pending = overview.rungs[rung]?.pending ?? 0;
  if (!oldest || pending === 0) return undefined;
  const ageMs = atMs - oldest.sinceMs;
  return {
    count: `${pending.toLocaleString('en')} waiting`,
    age: `for ${formatDuration(ageMs)}`,
    tone: ageMs > stuckAfterMs ? 'warn' : 'plain',
  };
}

/** How many edits are not measured, and why. */
export function describeLeftOut({ lag: { leftOut } }: InspectorSnapshot): string | undefined {
  const { tooMany, clock } = leftOut;
  const parts = [
    tooMany > 0 && `${formatCount(tooMany, 'edit')} not timed: more than 2,000 were waiting at once`,
    clock > 0 && `${formatCount(clock, 'edit')} not timed: the clock was set back`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(' · ') : undefined;
}
