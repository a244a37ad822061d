import type { CojsonInternalTypes, LocalNode, PeerState, RawCoID } from 'cojson';
import type { Pacer } from '../platform/pacer.ts';
import { isPutAside } from './private-fields.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;
type Source = PeerState | 'storage' | 'import';

/** Contents that waited for what they depend on, and wait for their turn now that it is there. */
export interface PacedReleases {
  /** How many. */
  readonly waiting: number;
  /** Deals with what is left, and gives the node its own ways back. */
  end(): void;
}

/**
 * cojson puts content aside until what it depends on is there: of a shared group that arrives last, it then deals with
 * thousands of CoValues in one task. Here they take their turn with all else that arrived.
 */
export function paceReleases(node: LocalNode, pacer: Pacer): PacedReleases {
  const manager = node.syncManager;
  const { handleNewContent } = manager;
  const putAside = new WeakSet<NewContent>();
  /** By CoValue, as one's contents follow on each other. */
  const releasedByID = new Map<RawCoID, [NewContent, Source][]>();
  const lane = pacer.lane(handleFirst);

  function handleFirst(id: RawCoID): void {
    const [first, ...others] = releasedByID.get(id) ?? [];
    if (!first) return; // It was dealt with ahead of its turn.
    if (others.length > 0) releasedByID.set(id, others);
    else releasedByID.delete(id);
    handle(...first);
  }

  function handle(content: NewContent, from: Source): void {
    handleNewContent.call(manager, content, from);
    if (isPutAside(node, content)) putAside.add(content);
  }

  function handleAll(id: RawCoID): void {
    while (releasedByID.has(id)) handleFirst(id);
  }

  manager.handleNewContent = (content, from) => {
    const { id } = content;
    const released = releasedByID.get(id);
    if (putAside.delete(content) || (released && typeof from === 'object')) {
      releasedByID.set(id, [...(released ?? []), [content, from]]);
      lane.push([id]);
      return;
    }
    // The storage and an import look at once for what has become of it.
    handleAll(id);
    handle(content, from);
  };

  return {
    get waiting() {
      return lane.waiting;
    },
    end() {
      lane.clear();
      for (const id of [...releasedByID.keys()]) handleAll(id);
      manager.handleNewContent = handleNewContent;
    },
  };
}
