import type { Clock } from '../../base/clock.ts';
import { createReadable, type Readable } from '../../base/readable.ts';
import type { SyncInspection, TransportWrap } from '../../sync/inspection.ts';
import {
  checkPlan,
  faultyTransport,
  type FaultDone,
  type FaultPlan,
} from '../../transport/faulty-transport.ts';
import type { Transport } from '../../transport/transport.ts';
import {
  longestRunMs,
  noneDone,
  ordinaryRunMs,
  withoutForever,
  type FaultOptions,
  type Faults,
  type FaultsNow,
} from './faults.ts';

/** Puts faults between one sync and its relays, and takes them away again: at the latest when their time is over. */
export interface FaultControl {
  readonly faults: Readable<Faults | undefined>;
  /** The same object until something else has happened. */
  readonly now: FaultsNow | undefined;
  /** Undefined ends them. Throws RangeError for what makes no sense, and leaves what was set before. */
  set(plan: FaultPlan | undefined, options?: FaultOptions): void;
  close(): void;
}

/** A sync has room for one plan: what another inspector has set gives way. */
const withdrawByInspection = new WeakMap<SyncInspection, () => void>();

export function createFaultControl(inspection: SyncInspection, clock: Clock): FaultControl {
  const faults = createReadable<Faults | undefined>(undefined);
  let now: FaultsNow | undefined;
  let cancelEnd = () => {};

  function begin(plan: FaultPlan, { name, forMs = ordinaryRunMs, relayIDs }: FaultOptions): void {
    checkPlan(plan);
    if (!(forMs >= 1_000 && forMs <= longestRunMs)) {
      throw new RangeError(`Faults last from 1 s to an hour, and not ${forMs} ms.`);
    }
    withdrawByInspection.get(inspection)?.();
    withdrawByInspection.set(inspection, withdraw);
    const sinceMs = clock.nowMs();
    const set: Faults = {
      ...(name !== undefined && { name }),
      ...{ plan: withoutForever(plan), seed: plan.seed, sinceMs, endsAtMs: sinceMs + forMs },
      ...(relayIDs && { relayIDs }),
    };
    now = { ...set, done: noneDone };
    inspection.setTransportWrap(
      wrapIn(set, clock, (what) => {
        // A channel of an earlier plan may still be ending.
        if (now && faults.current === set)
          now = { ...now, done: { ...now.done, [what]: now.done[what] + 1 } };
      }),
    );
    cancelEnd = clock.after(forMs, end);
    faults.set(set);
    // Channels that are open have no faults. They are made anew, as after any break, and nothing is lost.
    inspection.redial();
  }

  function withdraw(): void {
    cancelEnd();
    withdrawByInspection.delete(inspection);
    inspection.setTransportWrap(undefined);
    now = undefined;
    faults.set(undefined);
  }

  function end(): void {
    if (!faults.current) return;
    withdraw();
    inspection.redial();
  }

  return {
    faults,
    get now() {
      return now;
    },
    set: (plan, options = {}) => (plan ? begin(plan, options) : end()),
    close: end,
  };
}

/** One faulty transport for each ordinary one of each relay: it counts its channels, so that a seed gives the same again. */
function wrapIn({ plan, relayIDs }: Faults, clock: Clock, done: (what: FaultDone) => void): TransportWrap {
  const byRelayID = new Map<string, Map<Transport, Transport>>();
  return (inner, relayID) => {
    if (relayIDs && !relayIDs.includes(relayID)) return inner;
    const made = byRelayID.get(relayID) ?? new Map<Transport, Transport>();
    byRelayID.set(relayID, made);
    const faulty = made.get(inner) ?? faultyTransport(inner, plan, { clock, done });
    made.set(inner, faulty);
    return faulty;
  };
}
