import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import { systemClock } from '../../base/clock.ts';
import { authorOf, sessionsOf, type Content, type CoValueHeader } from '../content.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../covalue-lookup.ts';
import { releaseDependency } from '../private-methods.ts';
import { dependedOn, isNaming } from './named-covalues.ts';

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
  /** Whoever named them has been given the time to send them. */
  readonly waitedFor: Set<RawCoID>;
  /** The group has waited in vain once, and waits no more: absent members could be named one after the other. */
  hasWaited: boolean;
  /** Some have arrived, and the group has yet to be judged again. */
  hasArrivals: boolean;
  /** The end of the pause. */
  untilMs: number;
}

const dependenciesByGroup = new WeakMap<CoValueCore, Dependencies>();

function dependenciesOf(group: CoValueCore): Dependencies {
  const known = dependenciesByGroup.get(group);
  if (known) return known;
  const dependencies: Dependencies = {
    required: new Set(),
    awaited: new Set(),
    absent: new Set(),
    late: new Set(),
    waitedFor: new Set(),
    hasWaited: false,
    hasArrivals: false,
    untilMs: -Infinity,
  };
  dependenciesByGroup.set(group, dependencies);
  return dependencies;
}

/** The members and parents that content of a group or account names, of which nothing is verified yet. */
export function namedIn(node: LocalNode, content: Content): readonly RawCoID[] {
  const header = getKnownCoValue(node, content.id)?.verified?.header ?? content.header;
  if (header?.ruleset.type !== 'group') return [];
  const owners = ownersOf(header);
  const authors = new Set(Object.keys(content.new).map(authorOf));
  return dependedOn(header, namingContent(content)).filter((id) => !owners.has(id) && !authors.has(id));
}

/** Lets the group handle content at once that names these, although they are not here. */
export function awaitNoMore(group: CoValueCore, ids: readonly RawCoID[]): void {
  const { waitedFor } = dependenciesOf(group);
  for (const id of ids) waitedFor.add(id);
}

/** The group of a CoValue, and the origin of a branch. */
function ownersOf({ ruleset, meta }: CoValueHeader): ReadonlySet<unknown> {
  return new Set([ruleset.type === 'ownedByGroup' ? ruleset.group : undefined, meta?.['source']]);
}

/**
 * Lets a CoValue be complete although more of an author or a member is announced: anybody can name one, and cojson would count
 * it as incomplete until then.
 */
function expectOwnersOnly(core: CoValueCore, header: CoValueHeader): void {
  if (core.incompleteDependencies.size === 0) return;
  const owners = ownersOf(header);
  for (const id of core.incompleteDependencies) if (!owners.has(id)) core.incompleteDependencies.delete(id);
}

/**
 * Lets a group load without the members and parents that no device has: anybody can name them, in a transaction that does not
 * count. cojson 0.20 waits for them for ever. They are absent when the storage and all connected peers have answered, or after
 * ten seconds. `add` makes cojson await all that some content names; `onArrival` is called when an absent one arrives.
 */
export function addGroupDependencies(
  group: CoValueCore,
  content: Content,
  add: (content: Content) => void,
  onArrival: () => void,
): void {
  const header = group.verified?.header ?? content.header;
  if (header?.ruleset.type !== 'group') {
    add(content);
    if (header) expectOwnersOnly(group, header);
    return;
  }
  const dependencies = dependenciesOf(group);
  const { required, awaited, absent, late, waitedFor } = dependencies;
  for (const sessionID of Object.keys(content.new)) {
    const author = authorOf(sessionID);
    required.add(author);
    // cojson awaits each one only once.
    if (absent.delete(author as RawCoID)) group.dependencies.delete(author as RawCoID);
  }
  const { source } = header.meta ?? {};
  if (typeof source === 'string') required.add(source);
  add(namingContent(content));
  expectOwnersOnly(group, header);
  for (const id of group.missingDependencies) {
    if (required.has(id)) continue;
    const core = getOrCreateCoValue(group.node, id);
    if (dependencies.hasWaited || waitedFor.has(id)) {
      if (core.loadingState === 'unknown') request(core);
      loadWithout(id, core.loadingState === 'unavailable');
      continue;
    }
    if (awaited.has(id)) continue;
    awaited.add(id);
    whenAbsent(core, (isAnswered) => {
      awaited.delete(id);
      if (required.has(id) || !group.missingDependencies.has(id)) return;
      dependencies.hasWaited ||= !isAnswered;
      loadWithout(id, isAnswered);
    });
  }

  function loadWithout(id: RawCoID, isAnswered: boolean): void {
    absent.add(id);
    if (!isAnswered) late.add(id);
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

/** cojson asks only for what it waits for. */
function request(core: CoValueCore): void {
  core.load(core.node.syncManager.getServerPeers(core.id), 'immediate');
}

/**
 * The content without the transactions that name no member or parent: in a large group, most reveal a key, and cojson would
 * parse all of them once more. Also without those that name what no ID can be, which cojson would ask the storage and relays for.
 */
function namingContent(content: Content): Content {
  const sessions = sessionsOf(content).map(([id, session]) => [
    id,
    { ...session, newTransactions: session.newTransactions.filter(isNaming) },
  ]);
  return { ...content, new: Object.fromEntries(sessions) as Content['new'] };
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
