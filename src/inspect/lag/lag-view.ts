import { cojsonInternals, type LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import { namePriority } from '../../engine/message-priority.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import type { PeerInspection, SyncInspection } from '../../sync/inspection.ts';
import { createBacklog } from '../shared/backlog.ts';
import type { Cost } from '../shared/cost.ts';
import { labelCoValue } from '../shared/covalue-label.ts';
import { promiseIn } from '../shared/relay-promise.ts';
import { listenToRungs } from '../shared/taps.ts';
import type {
  Lag,
  LagByPriority,
  LagOfRelay,
  LagWindow,
  Measure,
  OldestWaiting,
} from '../snapshot/lag-facts.ts';
import { rungs, type Overview, type RungName } from '../snapshot/overview-facts.ts';
import type { Priority } from '../snapshot/queue-facts.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { createEditFollower, type RelayPromise } from './edit-follower.ts';
import { createLagHistory, everywhere, longestWindowMs, type HistoryWindow } from './lag-history.ts';

/** Measures lag from the creation of the view until `close`. */
export interface LagView {
  read(nowMs: number): Lag;
  close(): void;
}

const windowsMs = [60_000, 5 * 60_000, longestWindowMs];
const historyBytes = 1024 * 1024;

export function createLagView(options: {
  readonly inspection: SyncInspection;
  readonly clock: Clock;
  readonly cost: Cost;
  readonly overview: () => Overview;
  readonly onChange: () => void;
}): LagView {
  const { inspection, clock, cost, overview, onChange } = options;
  const history = createLagHistory({ startMs: clock.nowMs(), maxBytes: historyBytes });
  let relays: readonly RelayPromise[] = [];
  const follower = createEditFollower({
    relays: () => relays,
    canSave: () => overview().storage.state !== 'memory-only',
    priorityOf: (id) => priorityOfCoValue(inspection.node, id),
    onSample: history.add,
  });
  let known: { readonly of: unknown; readonly windows: readonly LagWindow[] } | undefined;

  const backlog = createBacklog<() => void>({
    clock,
    cost,
    onWorked: onChange,
    work(steps) {
      relays = inspection.peers().map(toRelayPromise);
      for (const step of steps) step();
    },
  });

  const stopFollowing = inspection.onEvent(({ event, detail }) => {
    if (event === 'disconnect') backlog.add([() => follower.connectionLost(detail.peerID)]);
  });

  const stopListening = listenToRungs(inspection, (step) => {
    const atMs = clock.nowMs();
    backlog.add([() => follower.noteStep(atMs, ...step)]);
  });

  function windows(nowMs: number): readonly LagWindow[] {
    const relays = overview().relays.map(({ id, host }) => ({ id, host }));
    const of = { version: history.version, slice: history.sliceAt(nowMs), relays };
    if (!known || !isEqual(known.of, of)) {
      known = {
        of,
        windows: windowsMs.map((windowMs) => lagWindow(history.window(nowMs, windowMs), windowMs, relays)),
      };
    }
    return known.windows;
  }

  function oldest(): Lag['oldest'] {
    const found = rungs.map((rung) => [rung, oldestAt(rung)] as const);
    return Object.fromEntries(found.filter(([, waiting]) => waiting));
  }

  function oldestAt(rung: RungName): OldestWaiting | undefined {
    const { storage, rungs: counts } = overview();
    if (rung === 'saved' && storage.state === 'memory-only') return undefined;
    if (rung === 'durable' && !counts.durable) return undefined;
    const sinceByID = inspection.waiting[rung === 'durable' ? 'confirmed' : rung];
    let [oldest] = sinceByID;
    for (const waiting of sinceByID) if (oldest && waiting[1] < oldest[1]) oldest = waiting;
    if (!oldest) return undefined;
    const [id, sinceMs] = oldest;
    const { name } = labelCoValue(inspection.node, id);
    return { id, ...(name !== undefined && { name }), sinceMs };
  }

  return {
    read(nowMs) {
      backlog.catchUp();
      return { oldest: oldest(), windows: windows(nowMs), leftOut: follower.leftOut };
    },
    close() {
      backlog.close();
      stopListening();
      stopFollowing();
    },
  };
}

function lagWindow(
  window: HistoryWindow,
  windowMs: number,
  relays: readonly Pick<Relay, 'id' | 'host'>[],
): LagWindow {
  const to = (place: string, measure: Measure): LagByPriority => window.read(place, measure);
  const atRelay = (place: string) => ({
    sent: to(place, 'sent'),
    confirmed: to(place, 'confirmed'),
    durable: to(place, 'durable'),
    answered: to(place, 'answered'),
  });
  return {
    windowMs,
    sinceMs: window.sinceMs,
    all: { saved: to(everywhere, 'saved'), ...atRelay(everywhere) },
    relays: relays.length > 1 ? relays.map((relay): LagOfRelay => ({ ...relay, ...atRelay(relay.id) })) : [],
  };
}

function toRelayPromise(peer: PeerInspection): RelayPromise {
  const promise = promiseIn(peer);
  return { id: peer.id, isDurable: promise !== 'none' && promise !== 'unknown' };
}

/** Like cojson when sending: an unloaded CoValue counts as medium. */
function priorityOfCoValue(node: LocalNode, id: string): Priority {
  return namePriority(cojsonInternals.getPriorityFromHeader(findCoValue(node, id)?.verified?.header));
}
