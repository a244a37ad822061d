import type { CojsonInternalTypes, LocalNode } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import { knownCountsOfContent, knownCountsOfState, isEmpty, missingIn } from '../../engine/known-counts.ts';
import type { Ladder } from '../delivery/ladder.ts';
import type { OtherTabs } from './other-tabs.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** Passes content written by other tabs to cojson. */
export interface ContentImport {
  /** True while content that another tab could not save is being imported. */
  readonly isImporting: boolean;
  /** Content from another tab, which could not save it. */
  fromTab(content: NewContent): void;
  /** Content from the shared database. */
  fromStorage(content: NewContent): void;
}

export function createContentImport(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'saved'>;
  readonly others: OtherTabs;
  readonly logger: Logger;
  /** Another tab's content is in the node now. */
  readonly onChanged: (id: string) => void;
}): ContentImport {
  const { node, ladder, others, logger, onChanged } = options;
  let isImporting = false;

  function contentImport(content: NewContent, from: 'storage' | 'import'): void {
    const { id } = content;
    const stateOf = () => knownCountsOfState(getOrCreateCoValue(node, id).knownState());
    const before = stateOf();
    try {
      node.syncManager.handleNewContent(content, from);
    } catch (error) {
      logger.warn('Content from another tab was rejected', { id, error });
    }
    if (!isEmpty(missingIn(before, stateOf()))) onChanged(id);
  }

  return {
    get isImporting() {
      return isImporting;
    },
    fromTab(content) {
      const theirs = { ...content, new: others.withoutOwn(content.new) };
      if (!theirs.header && Object.keys(theirs.new).length === 0) return;
      const core = getOrCreateCoValue(node, theirs.id);
      // cojson keeps the order of what waits for a group.
      if (core.isAvailable() || theirs.header || core.hasMissingDependencies()) return take(theirs);
      core.loadFromStorage((isFound) => isFound && take(theirs));

      function take(taken: NewContent): void {
        isImporting = true;
        contentImport(taken, 'import');
        isImporting = false;
      }
    },
    // cojson accepts content of the node's own session from a storage only when it first loads the CoValue.
    fromStorage(content) {
      const isBegun = getAvailableCoValue(node, content.id) !== undefined;
      contentImport(isBegun ? { ...content, new: others.withoutOwn(content.new) } : content, 'storage');
      // The tab that wrote the content may have closed without announcing it.
      ladder.saved(content.id, knownCountsOfContent(content));
    },
  };
}
