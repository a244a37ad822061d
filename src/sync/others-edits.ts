import type { AvailableCoValueCore, CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import {
  coverageOfContent,
  coverageOfState,
  isNothing,
  joined,
  missingIn,
  type Coverage,
} from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;
type CoValueKnownState = CojsonInternalTypes.CoValueKnownState;

/**
 * Another tab's edits stand in the same storage, marked as unconfirmed until a relay has them. Where that tab is gone,
 * nobody sends them until this node has them, too. Resolves when the ladder counts them.
 */
export async function bringInOthersEdits(options: {
  readonly node: LocalNode;
  readonly marks: UnconfirmedMarks;
  readonly ladder: Ladder;
}): Promise<void> {
  const { node, marks, ladder } = options;
  marks.write(); // So that what is read leaves out what this node knows to be confirmed.
  const ids = await new Promise<readonly string[]>((resolve) => marks.read(resolve));
  for (const id of ids as readonly RawCoID[]) {
    const core = node.getCoValue(id);
    if (core.isAvailable()) bringUpToDate(core, await storedContent(node, id));
    else await loadFirst(id);
  }

  function bringUpToDate(core: AvailableCoValueCore, stored: readonly NewContent[]): void {
    const known = coverageOfState(core.knownState());
    const unknown = missingIn(known, coverageOf(core.id, stored));
    if (isNothing(unknown)) return;
    ladder.missing(core.id, unknown);
    for (const content of stored) node.syncManager.handleNewContent(content, 'storage');
  }

  async function loadFirst(id: RawCoID): Promise<void> {
    const state = await storedState(node, id);
    if (!state) return; // Marked, and then never stored.
    ladder.missing(id, coverageOfState(state));
    await new Promise((resolve) => node.getCoValue(id).loadFromStorage(resolve));
  }
}

/** A storage may hand out what it depends on along with it. */
function coverageOf(id: RawCoID, contents: readonly NewContent[]): Coverage {
  return contents
    .filter((content) => content.id === id)
    .map(coverageOfContent)
    .reduce(joined, {});
}

function storedState({ storage }: LocalNode, id: RawCoID): Promise<CoValueKnownState | undefined> {
  return new Promise((resolve) => storage?.loadKnownState(id, resolve));
}

/** Read again: what the storage says of its state is what this node has written to it, or read from it, so far. */
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
