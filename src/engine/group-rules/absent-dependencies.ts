import type { CoValueCore, RawCoID } from 'cojson';
import { systemClock } from '../../base/clock.ts';
import { authorOf, type Content } from '../content.ts';
import { getOrCreateCoValue } from '../covalue-lookup.ts';
import { releaseDependency } from '../private-methods.ts';

/** How long a group waits for what only its transactions name. */
const patienceMs = 10_000;
/** A group that was judged again waits as long for what comes later: a link holder can name thousands, and upload them then. */
const pauseMs = 1_000;

interface Dependencies {
  /** Without these, signatures cannot be checked. */
  readonly required: Set<string>;
  readonly awaited: Set<RawCoID>;
  /** The group has loaded without them. */
  readonly absent: Set<RawCoID>;
  /** Those of them that may only be late: not all peers have answered. */
  readonly late: Set<RawCoID>;
  /** Some have arrived, and the group has yet to be judged again. */
  hasArrivals: boolean;
  /** The end of the pause. */
  untilMs: number;
}

const dependenciesByGroup = new WeakMap<CoValueCore, Dependencies>();

/**
 * Lets a group load without the members and parents that no device has: anybody can name them, in a transaction that does not
 * count. cojson 0.20 waits for them for ever. They are absent when the storage and all connected peers have answered, or after
 * ten seconds. `add` makes cojson await all that the content names; `onArrival` is called when an absent one arrives.
 */
export function addGroupDependencies(
  group: CoValueCore,
  content: Content,
  add: () => void,
  onArrival: () => void,
): void {
  const header = group.verified?.header ?? content.header;
  if (header?.ruleset.type !== 'group') return add();
  const known = dependenciesByGroup.get(group);
  const dependencies = known ?? {
    required: new Set<string>(),
    awaited: new Set<RawCoID>(),
    absent: new Set<RawCoID>(),
    late: new Set<RawCoID>(),
    hasArrivals: false,
    untilMs: -Infinity,
  };
  if (!known) dependenciesByGroup.set(group, dependencies);
  const { required, awaited, absent, late } = dependencies;
  for (const sessionID of Object.keys(content.new)) {
    const author = authorOf(sessionID);
    required.add(author);
    // cojson awaits each one only once.
    if (absent.delete(author as RawCoID)) group.dependencies.delete(author as RawCoID);
  }
  const { source } = header.meta ?? {};
  if (typeof source === 'string') required.add(source);
  add();
  for (const id of group.missingDependencies) {
    if (required.has(id) || awaited.has(id)) continue;
    awaited.add(id);
    whenAbsent(getOrCreateCoValue(group.node, id), (isAnswered) => {
      awaited.delete(id);
      if (required.has(id) || !group.missingDependencies.has(id)) return;
      if (!isAnswered) late.add(id);
      loadWithout(id);
    });
  }

  function loadWithout(id: RawCoID): void {
    absent.add(id);
    releaseDependency(group, id);
    getOrCreateCoValue(group.node, id).waitFor({
      predicate: (dependency) => dependency.isAvailable(),
      onSuccess: () => {
        absent.delete(id);
        late.delete(id);
        if (dependencies.hasArrivals) return;
        dependencies.hasArrivals = true;
        const leftMs = dependencies.untilMs - systemClock.elapsedMs();
        if (leftMs > 0) systemClock.after(leftMs, handleArrivals);
        else handleArrivals();
      },
    });
  }

  function handleArrivals(): void {
    dependencies.hasArrivals = false;
    onArrival();
    dependencies.untilMs = systemClock.elapsedMs() + pauseMs;
  }
}

/** Whether a member or parent that the group has loaded without may only be late, or has yet to be judged. */
export function hasLateDependencies(group: CoValueCore): boolean {
  const { late, hasArrivals } = dependenciesByGroup.get(group) ?? {};
  return hasArrivals === true || (late?.size ?? 0) > 0;
}

/** Calls `run` once, unless the CoValue arrives before. `isAnswered`: the storage and all connected peers lack it. */
function whenAbsent(core: CoValueCore, run: (isAnswered: boolean) => void): void {
  let isDecided = false;
  const decide = () => {
    if (isDecided) return;
    isDecided = true;
    cancel();
    if (!core.isAvailable()) run(core.loadingState === 'unavailable');
  };
  const cancel = systemClock.after(patienceMs, decide);
  // cojson asks for it only after this, also if it was not found before.
  queueMicrotask(() => {
    core.waitFor({
      predicate: () => isDecided || core.isAvailable() || core.loadingState === 'unavailable',
      onSuccess: decide,
    });
  });
}
