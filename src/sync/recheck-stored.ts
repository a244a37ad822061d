import type { LocalNode, RawCoID } from 'cojson';
import { coverageOfState } from '../engine/known-counts.ts';
import type { RelayEvidence } from './relay-evidence.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';

const atOnce = 200;

/**
 * Counts all that stands on this device as missing at a relay, and has it sent; also what is being loaded meanwhile. Resolves when it is
 * counted; where a storage finds nothing, for instance because it fails, nothing is.
 */
export async function doubtStored(
  { node, marks }: { readonly node: LocalNode; readonly marks: UnconfirmedMarks },
  evidence: Pick<RelayEvidence, 'doubt'>,
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
  // Loads what the marks name, and so sends it.
  void node.syncManager.resumeUnsyncedCoValues();

  function count(id: RawCoID): Promise<void> {
    return new Promise((resolve) =>
      storage?.loadKnownState(id, (state) => {
        if (state) evidence.doubt(id, coverageOfState(state));
        resolve();
      }),
    );
  }
}
