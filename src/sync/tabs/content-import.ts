import type { CojsonInternalTypes, LocalNode } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import { coverageOfContent, coverageOfState, isNothing, missingIn } from '../../engine/known-counts.ts';
import type { Ladder } from '../ladder.ts';
import type { OtherTabs } from './other-tabs.ts';
import type { Uploads } from './uploads.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** Gives cojson what another tab has written. */
export interface HandOver {
  /** Content of another tab that could not be saved is being imported. */
  readonly isImporting: boolean;
  /** From the tab `by` itself, which could not save it. */
  fromTab(content: NewContent, by: string): void;
  /** From the shared database. `by` is the tab that has saved it, where one has said so. */
  fromStorage(content: NewContent, by: string | undefined): void;
}

export function createHandOver(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'saved'>;
  readonly others: OtherTabs;
  readonly uploads: Pick<Uploads, 'beforeHandOut'>;
  readonly logger: Logger;
  /** Another tab's content is in the node now. */
  readonly onChanged: (id: string) => void;
}): HandOver {
  const { node, ladder, others, uploads, logger, onChanged } = options;
  let isImporting = false;

  function handOver(content: NewContent, by: string | undefined, from: 'storage' | 'import'): void {
    const { id } = content;
    const stateOf = () => coverageOfState(node.getCoValue(id).knownState());
    const before = stateOf();
    try {
      uploads.beforeHandOut(content, by);
      node.syncManager.handleNewContent(content, from);
    } catch (error) {
      logger.warn('What another tab has written was rejected', { id, error });
    }
    if (!isNothing(missingIn(before, stateOf()))) onChanged(id);
  }

  return {
    get isImporting() {
      return isImporting;
    },
    fromTab(content, by) {
      const theirs = { ...content, new: others.withoutOwn(content.new) };
      if (!theirs.header && Object.keys(theirs.new).length === 0) return;
      const core = node.getCoValue(theirs.id);
      if (core.isAvailable() || theirs.header) return take(theirs);
      core.loadFromStorage((isFound) => isFound && take(theirs));

      function take(taken: NewContent): void {
        isImporting = true;
        handOver(taken, by, 'import');
        isImporting = false;
      }
    },
    // Of a session of its own, a node takes from a storage only what it begins with.
    fromStorage(content, by) {
      const isBegun = node.getCoValue(content.id).isAvailable();
      handOver(isBegun ? { ...content, new: others.withoutOwn(content.new) } : content, by, 'storage');
      // The tab that has written it may be gone, and not have said so.
      ladder.saved(content.id, coverageOfContent(content));
    },
  };
}
