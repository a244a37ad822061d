import type { AvailableCoValueCore, CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import {
  knownCountsOfContent,
  knownCountsOfState,
  isEmpty,
  mergeCounts,
  missingIn,
  type KnownCounts,
} from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';
import { getAvailableCoValue, loadFromStorage } from '../engine/covalue-lookup.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;
type CoValueKnownState = CojsonInternalTypes.CoValueKnownState;

/** Imports unconfirmed edits that other tabs have stored: those tabs may be gone. Resolves once the ladder counts them. */
export async function importOthersEdits(options: {
  readonly node: LocalNode;
  readonly marks: UnconfirmedMarks;
  readonly ladder: Ladder;
}): Promise<void> {
  const { node, marks, ladder } = options;
  marks.write(); // Excludes what this node knows to be confirmed.
  const ids = await new Promise<readonly string[]>((resolve) => marks.read(resolve));
  for (const id of ids as readonly RawCoID[]) {
    const core = getAvailableCoValue(node, id);
    if (core) bringUpToDate(core, await storedContent(node, id));
    else await loadFirst(id);
  }

  function bringUpToDate(core: AvailableCoValueCore, stored: readonly NewContent[]): void {
    const known = knownCountsOfState(core.knownState());
    const unknown = missingIn(known, knownCountsOf(core.id, stored));
    if (isEmpty(unknown)) return;
    ladder.missing(core.id, unknown);
    for (const content of stored) node.syncManager.handleNewContent(content, 'storage');
  }

  async function loadFirst(id: RawCoID): Promise<void> {
    const state = await storedState(node, id);
    if (!state) return; // The CoValue was marked but never stored.
    ladder.missing(id, knownCountsOfState(state));
    await loadFromStorage(node, id);
  }
}

/** A storage may return dependencies along with the CoValue. */
function knownCountsOf(id: RawCoID, contents: readonly NewContent[]): KnownCounts {
  return contents
    .filter((content) => content.id === id)
    .map(knownCountsOfContent)
    .reduce(mergeCounts, {});
}

function storedState({ storage }: LocalNode, id: RawCoID): Promise<CoValueKnownState | undefined> {
  return new Promise((resolve) => storage?.loadKnownState(id, resolve));
}

/** Reads the content, because the storage caches the known state that this node has written or read. */
function storedContent({ storage }: LocalNode, id: RawCoID): Promise<readonly NewContent[]> {
  const contents: NewContent[] = [];
  return new Promise((resolve) =>
    storage?.load(
      id,
      (content) => contents.push(content),
      () => resolve(contents),
    ),
  );
}
