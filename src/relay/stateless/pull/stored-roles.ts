import { RawAccount, RawGroup, type LocalNode } from 'cojson';
import { parseJson } from '../../../base/json.ts';
import { isRecord } from '../../../base/record.ts';
import { contentBytes, sessionsOf, type Content } from '../../../engine/content.ts';
import { everyone } from '../../../engine/covalue-access.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../../engine/covalue-lookup.ts';
import { createThrowAwayNode } from '../../../engine/create-node.ts';
import { awaitNoMore, namedIn } from '../../../engine/release-pacing.ts';
import { isCoValueID } from '../../../wire/ids.ts';
import { requiredOf } from '../../client/content-dependencies.ts';
import type { Restrictions } from '../../operator/restrictions.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';
import { captureStorage } from '../push/capture-storage.ts';
import { StatelessRefusal } from '../refusal.ts';
import type { Pace } from '../request-pace.ts';

/** Who may read what a group or account owns, by what is stored. */
export interface StoredRoles {
  /** The group, those above it, and their authors: a change of one of them can change a role. */
  readonly sources: ReadonlySet<string>;
  mayRead(accountID: string): boolean;
  readonly mayEveryoneRead: boolean;
  /** How much memory they take while they are kept. */
  readonly bytes: number;
}

export interface StoredRolesOptions {
  readonly node: LocalNode;
  readonly storage: Pick<SqlStorage, 'openReader'>;
  readonly restrictions: Pick<Restrictions, 'isTakenDown'>;
  readonly inTurn: Pace['inTurn'];
  /** So many bytes of memory are taken. */
  loaded?(bytes: number): void;
}

/** Anyone can put groups above each other. */
const maxSources = 2_000;
const maxBytes = 100_000_000;
// Measured; see `trackLoaded`.
const bytesPerCoValue = 14_000;
const bytesPerStoredByte = 3.2;
/** cojson's other roles write without reading, belong to invites, or are `revoked`. */
const readingRoles: ReadonlySet<unknown> = new Set(['reader', 'writer', 'manager', 'admin']);

/** Reads the group with those above it into a throw-away node. Nobody may read what is owned by anything else, or is not stored. */
export async function readStoredRoles(
  groupID: string,
  { node: relayNode, storage, restrictions, inTurn, loaded }: StoredRolesOptions,
): Promise<StoredRoles> {
  const node = createThrowAwayNode(relayNode);
  node.setStorage(captureStorage().storage);
  const reader = storage.openReader();
  const sources = new Set<string>();
  let bytes = 0;

  function take(more: number): void {
    bytes += more;
    if (bytes > maxBytes) throw tooLarge();
    loaded?.(bytes);
  }

  /** Dependencies first. Not the members: their roles are in the group alone. */
  async function load(id: string): Promise<void> {
    if (sources.has(id)) return;
    sources.add(id);
    if (sources.size > maxSources) throw tooLarge();
    take(bytesPerCoValue);
    const stored = restrictions.isTakenDown(id) ? undefined : await reader.read(id);
    if (stored?.header.ruleset.type !== 'group') return;
    for await (const piece of stored.pieces) {
      for (const needed of [...requiredOf(piece, stored.header), ...parentsIn(piece)]) await load(needed);
      take(bytesPerStoredByte * contentBytes(piece));
      await inTurn(() => {
        awaitNoMore(getOrCreateCoValue(node, id), namedIn(node, piece));
        node.syncManager.handleNewContent(piece, 'storage');
      });
    }
  }

  await load(groupID);
  const group = await inTurn(() => getAvailableCoValue(node, groupID)?.getCurrentContent());
  if (group instanceof RawAccount)
    return { sources, bytes, mayRead: (accountID) => accountID === groupID, mayEveryoneRead: false };
  if (!(group instanceof RawGroup)) return { sources, bytes, mayRead: () => false, mayEveryoneRead: false };
  const isReader = (member: string) => readingRoles.has(group.roleOf(member as 'everyone'));
  return { sources, bytes, mayRead: isReader, mayEveryoneRead: isReader(everyone) };
}

function parentsIn(piece: Content): readonly string[] {
  const changes = sessionsOf(piece).flatMap(([, { newTransactions }]) =>
    newTransactions.flatMap((one) => (one.privacy === 'trusting' ? parseJson(one.changes) : [])),
  );
  return changes.flatMap((change) => {
    const key = isRecord(change) ? change.key : undefined;
    const [, id] = typeof key === 'string' ? (/^parent_(.*)$/.exec(key) ?? []) : [];
    return isCoValueID(id) ? [id] : [];
  });
}

function tooLarge(): StatelessRefusal {
  return new StatelessRefusal(
    'too-large',
    'The group, or what it depends on, is too large to find its roles.',
  );
}
