import type { AvailableCoValueCore, CoValueCore, LocalNode, RawCoID } from 'cojson';
import type { AnnouncedSessions } from './session-maps/announced-sessions.ts';
import { deletionOnly, knownCountsOfState, type KnownCounts } from './known-counts.ts';

// Only these functions call `node.getCoValue`, which creates CoValues, counts as a use and revives unloaded ones.

/** Creates an empty CoValue if the node does not know the ID, for example to subscribe to it or to load it. */
export function getOrCreateCoValue(node: LocalNode, id: string): CoValueCore {
  return node.getCoValue(id as RawCoID);
}

/** Undefined if the node does not know the ID. An empty CoValue, for example one being loaded, counts as known. */
export function getKnownCoValue(node: LocalNode, id: string): CoValueCore | undefined {
  return node.isCoValueInMemory(id as RawCoID) ? node.getCoValue(id as RawCoID) : undefined;
}

/** Undefined if the CoValue has no content in memory. */
export function getAvailableCoValue(node: LocalNode, id: string): AvailableCoValueCore | undefined {
  const coValue = getOrCreateCoValue(node, id);
  return coValue.isAvailable() ? coValue : undefined;
}

/** Resolves with false if this device's storage does not have the CoValue, or fails. */
export function loadFromStorage(node: LocalNode, id: string): Promise<boolean> {
  return new Promise((resolve) => getOrCreateCoValue(node, id).loadFromStorage(resolve));
}

/** Like `loadFromStorage`, but also adds what other tabs have stored since the CoValue was loaded. */
export function readStored(node: LocalNode, id: RawCoID): Promise<boolean> {
  const { storage, syncManager } = node;
  if (!storage || !getAvailableCoValue(node, id)) return loadFromStorage(node, id);
  return new Promise((resolve) =>
    storage.load(id, (content) => syncManager.handleNewContent(content, 'storage'), resolve),
  );
}

/** Everything this node has of a CoValue that a relay should have. */
export function localCounts(node: LocalNode, id: RawCoID): KnownCounts {
  const core = getAvailableCoValue(node, id);
  if (!core) return {};
  const state = knownCountsOfState(core.knownState());
  return core.isDeleted ? deletionOnly(state) : state;
}

type IsHeld = (id: RawCoID) => boolean;

const heldByNode = new WeakMap<LocalNode, readonly IsHeld[]>();

/** Registers a place in which the kernel keeps content of CoValues before it hands it to cojson. */
export function addHeldContent(node: LocalNode, isHeld: IsHeld): void {
  heldByNode.set(node, [...(heldByNode.get(node) ?? []), isHeld]);
}

/** Whether content of the CoValue has arrived that cojson has yet to handle. */
export function hasWaitingContent({ node, id, newContentQueue }: CoValueCore): boolean {
  return newContentQueue.length > 0 || heldByNode.get(node)?.some((isHeld) => isHeld(id)) === true;
}

const circularDependants = new WeakMap<CoValueCore, Set<RawCoID>>();

/** Remembers what cojson does not list among the dependants, because the CoValue depends on it in turn. */
export function addCircularDependant(core: CoValueCore, dependency: CoValueCore): void {
  const dependants = circularDependants.get(dependency) ?? new Set();
  circularDependants.set(dependency, dependants.add(core.id));
}

/**
 * What depends on a CoValue: what a group owns, and the groups that extend it. Also where the group depends on that in turn:
 * anyone can bring this about, by a transaction that does not count.
 */
export function dependantsOf(core: CoValueCore): ReadonlySet<RawCoID> {
  const more = circularDependants.get(core);
  return more ? new Set([...core.dependant, ...more]) : core.dependant;
}

/** All that depends on a group, and on the groups among that; each once, groups first. */
export function allBelow(group: CoValueCore): readonly CoValueCore[] {
  const found = new Set([group]);
  for (const core of found) {
    if (!core.isGroup()) continue;
    for (const id of dependantsOf(core)) found.add(getOrCreateCoValue(core.node, id));
  }
  found.delete(group);
  const isGroup = (core: CoValueCore) => core.isGroup();
  return [...[...found].filter(isGroup), ...[...found].filter((core) => !isGroup(core))];
}

/** What relays have announced. Undefined in an app's own node with another crypto. */
export function announcedSessionsOf({ crypto }: LocalNode): AnnouncedSessions | undefined {
  return (crypto as { readonly announcedSessions?: AnnouncedSessions }).announcedSessions;
}
