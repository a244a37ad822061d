import { cojsonInternals, type LocalNode, type PeerState, type RawCoID } from 'cojson';
import type { Pacer } from '../base/pacer.ts';
import type { Content } from './content.ts';
import { addHeldContent, getOrCreateCoValue } from './covalue-lookup.ts';
import { interceptContent, type HandleContent } from './node-events.ts';
import { isWaitingForDependency } from './private-fields.ts';

// For content that waits before cojson has it.
export { awaitNoMore, namedIn } from './group-rules/absent-dependencies.ts';

type Source = PeerState | 'storage' | 'import';

export interface ReleasePacing {
  /** The number of contents whose dependencies have arrived and that wait for their turn. */
  readonly waiting: number;
  /** Handles everything that waits. */
  end(): void;
}

/**
 * Spreads the handling of contents whose missing dependency has arrived over several tasks. cojson queues such contents;
 * when a shared group arrives last, it handles thousands of CoValues and notifies their listeners in one task. So cojson
 * receives only the first content that lacks a dependency, which makes it request the dependency. Others are held here until
 * the dependency arrives, and then take turns in the pacer with everything else that arrives.
 */
export function paceReleases(node: LocalNode, pacer: Pacer): ReleasePacing {
  let handleNext: HandleContent = () => {};
  /** Contents that cojson has queued. It hands each one in again when its dependency arrives. */
  const queuedByCojson = new WeakSet<Content>();
  /** Held or released contents by CoValue; those of one CoValue build on each other. */
  const waitingByID = new Map<RawCoID, [Content, Source][]>();
  addHeldContent(node, (id) => waitingByID.has(id));
  /** The dependencies that cojson awaits, with the CoValues that are held for each. */
  const heldByDependency = new Map<RawCoID, Set<RawCoID>>();
  const dependencyByHeldID = new Map<RawCoID, RawCoID>();
  const lane = pacer.lane(takeTurn);
  const stop = interceptContent(node, 'release-pacing', (next) => {
    handleNext = next;
    return take;
  });

  function take(content: Content, from: Source): void {
    const { id } = content;
    const waiting = waitingByID.get(id);
    const isReleased = queuedByCojson.has(content);
    if (isReleased || (waiting && typeof from === 'object')) {
      waitingByID.set(id, [...(waiting ?? []), [content, from]]);
      if (!dependencyByHeldID.has(id)) lane.push([id]);
      return;
    }
    const dependency = dependencyAwaitedFor(content, from);
    if (dependency) {
      if (typeof from === 'object') from.trackLoadRequestUpdate(getOrCreateCoValue(node, id));
      waitingByID.set(id, [[content, from]]);
      hold(id, dependency);
      return;
    }
    // Handle it now: callers that load from storage or import check the result immediately.
    handleAll(id);
    handle(content, from);
  }

  function takeTurn(id: RawCoID): void {
    const [first] = waitingByID.get(id) ?? [];
    if (!first || dependencyByHeldID.has(id)) return; // Handled ahead of its turn, or held again.
    const dependency = queuedByCojson.has(first[0]) ? undefined : dependencyAwaitedFor(...first);
    if (dependency) hold(id, dependency);
    else handleFirst(id);
  }

  function handleFirst(id: RawCoID): void {
    const [first, ...others] = waitingByID.get(id) ?? [];
    if (!first) return;
    if (others.length > 0) waitingByID.set(id, others);
    else waitingByID.delete(id);
    queuedByCojson.delete(first[0]);
    handle(...first);
  }

  function handle(content: Content, from: Source): void {
    handleNext(content, from);
    if (!isWaitingForDependency(node, content)) return;
    queuedByCojson.add(content);
    for (const dependency of missingOf(content)) follow(dependency);
  }

  function handleAll(id: RawCoID): void {
    stopHolding(id);
    while (waitingByID.has(id)) handleFirst(id);
  }

  function stopHolding(id: RawCoID): void {
    const dependency = dependencyByHeldID.get(id);
    if (dependency === undefined) return;
    dependencyByHeldID.delete(id);
    heldByDependency.get(dependency)?.delete(id);
  }

  function hold(id: RawCoID, dependency: RawCoID): void {
    dependencyByHeldID.set(id, dependency);
    heldByDependency.get(dependency)?.add(id);
  }

  /** A missing dependency, if cojson has requested all of them; if not, it must see the content to do so. */
  function dependencyAwaitedFor(content: Content, from: Source): RawCoID | undefined {
    if (typeof from !== 'object' || getOrCreateCoValue(node, content.id).isAvailable()) return undefined;
    // Only groups and accounts can depend on each other in a cycle; cojson must see their content to resolve it.
    if (content.header?.ruleset.type !== 'ownedByGroup') return undefined;
    const missing = missingOf(content);
    const isAskedFor = (id: RawCoID) =>
      heldByDependency.has(id) && getOrCreateCoValue(node, id).loadingState === 'loading';
    return missing.every(isAskedFor) ? missing[0] : undefined;
  }

  function missingOf({ id, header, ...content }: Content): readonly RawCoID[] {
    if (!header) return [];
    const all = cojsonInternals.getDependedOnCoValues(header, { id, header, ...content });
    return [...all].filter(
      (dependency) => dependency !== id && !getOrCreateCoValue(node, dependency).isAvailable(),
    );
  }

  function follow(dependency: RawCoID): void {
    if (heldByDependency.has(dependency)) return;
    heldByDependency.set(dependency, new Set());
    getOrCreateCoValue(node, dependency).subscribe((core, stop) => {
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

  return {
    get waiting() {
      return lane.waiting;
    },
    end() {
      lane.clear();
      for (const id of [...waitingByID.keys()]) handleAll(id);
      stop();
    },
  };
}
