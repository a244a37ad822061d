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
  type FaultOptions,
  type Faults,
  type FaultsNow,
} from '../snapshot/fault-facts.ts';
import { boundedPlan } from './bounded-plan.ts';

export interface FaultControl {
  readonly faults: Readable<Faults | undefined>;
  /** The same object until a count changes. */
  readonly now: FaultsNow | undefined;
  /** `undefined` ends the faults. Throws RangeError for an invalid plan and keeps the previous one. */
  set(plan: FaultPlan | undefined, options?: FaultOptions): void;
  close(): void;
}

/** A sync takes one plan at a time: a new plan replaces another inspector's. */
const withdrawByInspection = new WeakMap<SyncInspection, () => void>();

export function createFaultControl(inspection: SyncInspection, clock: Clock): FaultControl {
  const faults = createReadable<Faults | undefined>(undefined);
  let now: FaultsNow | undefined;
  let cancelEnd = () => {};

  function begin(plan: FaultPlan, { name, forMs = ordinaryRunMs, relayIDs }: FaultOptions): void {
    checkPlan(plan);
    if (!(forMs >= 1_000 && forMs <= longestRunMs)) {
      throw new RangeError(`Faults cannot last ${forMs} ms. Choose a duration from 1 s to an hour.`);
    }
    withdrawByInspection.get(inspection)?.();
    withdrawByInspection.set(inspection, withdraw);
    const sinceMs = clock.nowMs();
    const begun: Faults = {
      ...(name !== undefined && { name }),
      plan: boundedPlan(plan),
      seed: plan.seed,
      sinceMs,
      endsAtMs: sinceMs + forMs,
      ...(relayIDs && { relayIDs }),
    };
    now = { ...begun, done: noneDone };
    inspection.setTransportWrap(
      wrapIn(begun, clock, (effect) => {
        // Ignore channels of an earlier plan that are still closing.
        if (now && faults.current === begun)
          now = { ...now, done: { ...now.done, [effect]: now.done[effect] + 1 } };
      }),
    );
    cancelEnd = clock.after(forMs, end);
    faults.set(begun);
    // Reconnect, because open channels have no faults. As after any disconnection, nothing is lost.
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

/** Wraps each transport once per relay: the wrapper counts its channels, so that a seed reproduces the same faults. */
function wrapIn({ plan, relayIDs }: Faults, clock: Clock, done: (effect: FaultDone) => void): TransportWrap {
  const byRelayID = new Map<string, Map<Transport, Transport>>();
  return (inner, relayID) => {
    if (relayIDs && !relayIDs.includes(relayID)) return inner;
    const wrapped = byRelayID.get(relayID) ?? new Map<Transport, Transport>();
    byRelayID.set(relayID, wrapped);
    const faulty = wrapped.get(inner) ?? faultyTransport(inner, plan, { clock, done });
    wrapped.set(inner, faulty);
    return faulty;
  };
}
