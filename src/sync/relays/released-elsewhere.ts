import type { LocalNode, RawCoID } from 'cojson';
import { localCounts } from '../../engine/covalue-lookup.ts';
import { mergeCounts } from '../../engine/known-counts.ts';
import type { DeviceStates } from '../delivery/device-states.ts';
import type { Ledger } from '../../storage/ledger.ts';
import type { Ladder } from '../delivery/ladder.ts';
import type { RecalledDebts } from '../delivery/recall.ts';

/** Ends pending edits that another tab has released. Returns a function to call with IDs of which this device lacks an edit. */
export function endReleasedElsewhere(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending' | 'released'>;
  readonly states: DeviceStates;
  readonly readDebts: () => Promise<Pick<RecalledDebts, 'byID'>>;
  readonly ledger: Pick<Ledger, 'isIntact'>;
}): (id: RawCoID) => void {
  const { node, ladder, states, readDebts, ledger } = options;
  const found = new Set<RawCoID>();
  let isReading = false;

  async function read(): Promise<void> {
    const pending = new Map([...found].map((id) => [id, ladder.pending.get(id)] as const));
    found.clear();
    // In this order: what another tab writes meanwhile is owed before it is stored.
    const stored = await states.read([...pending.keys()]);
    const { byID } = await readDebts();
    // Otherwise it may be lost.
    if (!(await ledger.isIntact?.())) return;
    for (const [id, edits] of pending) {
      // Changed meanwhile, so the courier looks again.
      if (ladder.pending.get(id) !== edits) continue;
      const here = mergeCounts(localCounts(node, id), stored.get(id)?.counts ?? {});
      ladder.released(id, mergeCounts(here, byID.get(id)?.need ?? {}));
    }
  }

  return (id) => {
    found.add(id);
    if (isReading) return;
    isReading = true;
    // Several are found in one turn. The courier looks again after a failed read.
    void Promise.resolve()
      .then(read)
      .catch(() => {})
      .finally(() => (isReading = false));
  };
}
