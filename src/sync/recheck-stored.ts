import type { LocalNode, RawCoID } from 'cojson';
import { knownCountsOfState } from '../engine/known-counts.ts';
import type { RelayEvidence } from './relay-evidence.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';

const atOnce = 200;

/** Resolves once all stored content counts as missing at a relay, to be resent. A failing storage counts as empty. */
export async function recheckStored(
  { node, marks }: { readonly node: LocalNode; readonly marks: UnconfirmedMarks },
  evidence: Pick<RelayEvidence, 'recheck'>,
): Promise<void> {
  const { storage } = node;
  if (!storage) return;
  for (let offset = 0; ; offset += atOnce) {
    const ids = await new Promise<readonly RawCoID[]>((resolve) =>
      storage.getCoValueIDs(atOnce, offset, (found) => resolve(found.map(({ id }) => id))),
    );
    await Promise.all(ids.map(count));
    if (ids.length < atOnce) break;
  }
  marks.write();
  // Loads the marked CoValues and thereby sends them.
  void node.syncManager.resumeUnsyncedCoValues();

  function count(id: RawCoID): Promise<void> {
    return new Promise((resolve) =>
      storage?.loadKnownState(id, (state) => {
        if (state) evidence.recheck(id, knownCountsOfState(state));
        resolve();
      }),
    );
  }
}
