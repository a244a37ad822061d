import type { LocalNode, RawAccount, RawAccountID, RawCoID, RawCoMap, RawCoValue, RawGroup } from 'cojson';
import { expect, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../../src/base/logger.ts';
import { createReadable } from '../../../src/base/readable.ts';
import type { StorageStatus } from '../../../src/storage/device-storage.ts';
import { startSync } from '../../../src/sync/start-sync.ts';
import type { SyncEvents } from '../../../src/sync/sync-events.ts';
import type { SyncPeers } from '../../../src/sync/sync-peers.ts';
import { createNodePlatform } from '../platform/node-platform.ts';
import { createAccountNode } from '../session/account-node.ts';
import { until } from '../until.ts';

/** A group with a map, and another account that may become a member. Their nodes are stock. */
export interface SharedGroup {
  readonly owner: LocalNode;
  readonly other: LocalNode;
  readonly group: RawGroup;
  readonly map: RawCoMap;
  readonly otherAccount: () => RawAccount;
  readonly mapOn: (node: LocalNode) => RawCoMap;
  readonly groupOn: (node: LocalNode) => RawGroup;
  /** In the map, as the other account. */
  readonly write: (value: string) => void;
  readonly setRole: (role: 'reader' | 'writer', where?: RawGroup) => void;
  /** A second later, removes the other account. */
  readonly remove: () => void;
}

/** Fakes the date until the test ends. */
export async function shareGroup(): Promise<SharedGroup> {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const [owner, other] = [await createAccountNode(), await createAccountNode()];
  const group = owner.createGroup();
  const map = group.createMap({ key: 'first' }, null, 'trusting');
  bring(other, owner, idOf(other));
  bring(owner, other, idOf(owner));
  const otherAccount = () => contentOn(owner, idOf(other)) as RawAccount;
  const mapOn = (node: LocalNode) => contentOn(node, map.id) as RawCoMap;
  return {
    owner,
    other,
    group,
    map,
    otherAccount,
    mapOn,
    groupOn: (node) => contentOn(node, group.id) as RawGroup,
    write: (value) => mapOn(other).set('key', value, 'trusting'),
    setRole: (role, where = group) => where.addMember(otherAccount(), role),
    remove() {
      later();
      group.removeMember(otherAccount());
    },
  };
}

/** Passes a second. */
export const later = () => vi.setSystemTime(Date.now() + 1_000);

export const idOf = (node: LocalNode) => node.getCurrentAccountOrAgentID() as RawAccountID;

export const contentOn = (node: LocalNode, id: RawCoID): RawCoValue =>
  node.expectCoValueLoaded(id).getCurrentContent();

/** Imports what the other node lacks. */
export function bring(from: LocalNode, to: LocalNode, ...ids: readonly RawCoID[]): void {
  for (const id of ids) {
    for (const piece of from.getCoValue(id).newContentSince(to.getCoValue(id).knownState()) ?? [])
      to.syncManager.handleNewContent(piece, 'import');
  }
}

/** Syncs the node until the test ends, and records which edits are reported as not counted. */
export function follow(node: LocalNode, url?: string) {
  const status = createReadable<StorageStatus>({ kind: 'memory', state: 'memory-only' });
  const sync = startSync({
    node,
    sync: url === undefined ? false : { url },
    storage: { status },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  onTestFinished(() => sync.close().catch(() => {}));
  const told: SyncEvents['notCounted'][] = [];
  sync.on('notCounted', (detail) => told.push(detail));
  return { sync, told, reasons: () => told.map(({ reason }) => reason) };
}

export const untilCount = (sync: SyncPeers, count: number) =>
  until(() => expect(sync.current.notCounted.count).toBe(count));
