import { cojsonInternals } from 'cojson';
import type { CojsonInternalTypes, LocalNode, PeerState, RawCoID } from 'cojson';
import type { Pacer } from '../base/pacer.ts';
import { isPutAside } from '../sync/private-fields.ts';

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
 * thousands of CoValues in one task, and calls all that listen for it. So it is given the first content that lacks
 * something, and asks for that; what else lacks the same is held here, and both take their turn with all else that arrived.
 */
export function paceReleases(node: LocalNode, pacer: Pacer): PacedReleases {
  const manager = node.syncManager;
  const { handleNewContent } = manager;
  const putAside = new WeakSet<NewContent>();
  /** By CoValue, as one's contents follow on each other. Held, or released and in the lane. */
  const waitingByID = new Map<RawCoID, [NewContent, Source][]>();
  /** What cojson waits for, with the CoValues that are held for it, too. */
  const heldByDependency = new Map<RawCoID, Set<RawCoID>>();
  const dependencyByHeldID = new Map<RawCoID, RawCoID>();
  const lane = pacer.lane(takeTurn);

  function takeTurn(id: RawCoID): void {
    const [first] = waitingByID.get(id) ?? [];
    if (!first || dependencyByHeldID.has(id)) return; // It was dealt with ahead of its turn, or is held again.
    const lacking = putAside.has(first[0]) ? undefined : awaitedBy(...first);
    if (lacking) hold(id, lacking);
    else handleFirst(id);
  }

  function handleFirst(id: RawCoID): void {
    const [first, ...others] = waitingByID.get(id) ?? [];
    if (!first) return;
    if (others.length > 0) waitingByID.set(id, others);
    else waitingByID.delete(id);
    putAside.delete(first[0]);
    handle(...first);
  }

  function handle(content: NewContent, from: Source): void {
    handleNewContent.call(manager, content, from);
    if (!isPutAside(node, content)) return;
    putAside.add(content);
    for (const dependency of missingOf(content)) follow(dependency);
  }

  function handleAll(id: RawCoID): void {
    letGo(id);
    while (waitingByID.has(id)) handleFirst(id);
  }

  function letGo(id: RawCoID): void {
    const dependency = dependencyByHeldID.get(id);
    if (dependency === undefined) return;
    dependencyByHeldID.delete(id);
    heldByDependency.get(dependency)?.delete(id);
  }

  function hold(id: RawCoID, dependency: RawCoID): void {
    dependencyByHeldID.set(id, dependency);
    heldByDependency.get(dependency)?.add(id);
  }

  /** The lacking thing that cojson has asked for, where it need not be given this content for that. */
  function awaitedBy(content: NewContent, from: Source): RawCoID | undefined {
    if (typeof from !== 'object' || node.getCoValue(content.id).isAvailable()) return undefined;
    // Nothing but a group or an account may wait for something that waits for it, which cojson sees.
    if (content.header?.ruleset.type !== 'ownedByGroup') return undefined;
    const missing = missingOf(content);
    const isAskedFor = (id: RawCoID) =>
      heldByDependency.has(id) && node.getCoValue(id).loadingState === 'loading';
    return missing.every(isAskedFor) ? missing[0] : undefined;
  }

  function missingOf({ id, header, ...content }: NewContent): readonly RawCoID[] {
    if (!header) return [];
    const all = cojsonInternals.getDependedOnCoValues(header, { id, header, ...content });
    return [...all].filter((dependency) => dependency !== id && !node.getCoValue(dependency).isAvailable());
  }

  function follow(dependency: RawCoID): void {
    if (heldByDependency.has(dependency)) return;
    heldByDependency.set(dependency, new Set());
    node.getCoValue(dependency).subscribe((core, stop) => {
      if (!core.isAvailable()) return;
      stop();
      release(dependency);
    }, false);
  }

  function release(dependency: RawCoID): void {
    const ids = heldByDependency.get(dependency) ?? [];
    heldByDependency.delete(dependency);
    for (const id of ids) dependencyByHeldID.delete(id);
    lane.push([...ids].flatMap((id) => (waitingByID.get(id) ?? []).map(() => id)));
  }

  manager.handleNewContent = (content, from) => {
    const { id } = content;
    const waiting = waitingByID.get(id);
    const isReleased = putAside.has(content);
    if (isReleased || (waiting && typeof from === 'object')) {
      waitingByID.set(id, [...(waiting ?? []), [content, from]]);
      if (!dependencyByHeldID.has(id)) lane.push([id]);
      return;
    }
    const lacking = awaitedBy(content, from);
    if (lacking) {
      if (typeof from === 'object') from.trackLoadRequestUpdate(node.getCoValue(id));
      waitingByID.set(id, [[content, from]]);
      hold(id, lacking);
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
      for (const id of [...waitingByID.keys()]) handleAll(id);
      manager.handleNewContent = handleNewContent;
    },
  };
}
