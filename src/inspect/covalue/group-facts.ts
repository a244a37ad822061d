import { type LocalNode, RawGroup } from 'cojson';
import { findCoValue, openContentOf } from '../../engine/private-fields.ts';
import type { Authors } from './authors.ts';
import type { GroupFacts, MemberPage, MemberRow, Page, ParentGroup } from './covalue-facts.ts';
import { everyone, isMemberKey } from './guard.ts';
import { sliceOf } from './page.ts';
import { shownKey } from './shown-value.ts';

/** Reads groups that are already open. Opens none, because opening a group may write to it. */
export interface Groups {
  facts(id: string, relation: GroupFacts['relation']): GroupFacts;
  /** Of an account or, if it is open, a group. */
  name(id: string): string | undefined;
  members(id: string, page: Page): MemberPage;
  /** How many members can read, or `everyone`. `not-open` if the group, or one above it, is not open. */
  readers(id: string): number | 'everyone' | 'not-open';
}

/** The members, valid until the group or one of its ancestors changes. */
interface KnownMembers {
  readonly versions: string;
  readonly rows: readonly MemberRow[];
}

const order = ['admin', 'manager', 'writer', 'reader', 'writeOnly'];
/** A member who may only write can read what they wrote. */
const reading: ReadonlySet<string> = new Set(['admin', 'manager', 'writer', 'reader']);

export function createGroups(node: LocalNode, authors: Authors): Groups {
  const known = new WeakMap<RawGroup, KnownMembers>();

  function open(id: string): RawGroup | undefined {
    const coValue = findCoValue(node, id);
    const content = coValue && openContentOf(coValue);
    return content instanceof RawGroup ? content : undefined;
  }

  function stateOf(id: string): GroupFacts['state'] {
    if (open(id)) return 'open';
    return findCoValue(node, id)?.verified ? 'not-open' : 'not-in-memory';
  }

  function parentsOf(group: RawGroup): readonly ParentGroup[] {
    return parentIDsOf(group).map((id) => {
      const role = String(group.get(`parent_${id}` as keyof object));
      return { id, role, state: stateOf(id), ...nameOf(open(id)) };
    });
  }

  /** The group and its open ancestors; members inherited from ancestors that are not open are unknown. */
  function lineageOf(group: RawGroup): readonly RawGroup[] {
    const all = new Set([group]);
    for (const member of all) {
      for (const id of parentIDsOf(member)) {
        const parent = open(id);
        if (parent) all.add(parent);
      }
    }
    return [...all];
  }

  function rowsOf(group: RawGroup): readonly MemberRow[] {
    const lineage = lineageOf(group);
    const versions = lineage
      .map(({ id, version, totalValidTransactions }) => `${id} ${version} ${totalValidTransactions}`)
      .join();
    const before = known.get(group);
    if (before?.versions === versions) return before.rows;
    const rows = readMembers(group, lineage);
    known.set(group, { versions, rows });
    return rows;
  }

  function isWholeLineage(lineage: readonly RawGroup[]): boolean {
    return lineage.every((ancestor) => parentIDsOf(ancestor).every((id) => open(id)));
  }

  function readMembers(group: RawGroup, lineage: readonly RawGroup[]): readonly MemberRow[] {
    // `roleOf` opens parents, so call it only if all ancestors are open.
    const isWhole = isWholeLineage(lineage);
    const sources = isWhole ? lineage : [group];
    const ids = new Set(sources.flatMap((source) => source.keys().filter(isMemberKey)));
    ids.add(everyone);
    const rows = [...ids].map((id): MemberRow => {
      const direct = directRole(group, id);
      const role = (isWhole ? group.roleOf(id as typeof everyone) : direct) ?? direct ?? 'none';
      const from =
        role === direct ? undefined : lineage.slice(1).find((parent) => directRole(parent, id) !== undefined);
      const { name, isOwn } = authors.describe(id);
      return {
        id,
        role,
        ...(name !== undefined && { name }),
        ...(isOwn && { isOwn }),
        ...(from && { fromGroupID: from.id }),
      };
    });
    return rows.sort((a, b) => rankOf(a) - rankOf(b));
  }

  function isAccount(id: string): boolean {
    return findCoValue(node, id)?.verified?.header.meta?.['type'] === 'account';
  }

  function named(id: string): { readonly name?: string } {
    return isAccount(id) ? nameFrom(authors.describe(id).name) : nameOf(open(id));
  }

  return {
    name: (id) => named(id).name,
    facts(id, relation) {
      const group = open(id);
      return {
        id,
        relation,
        kind: isAccount(id) ? 'Account' : 'Group',
        state: stateOf(id),
        ...named(id),
        members: group ? rowsOf(group).filter(({ role }) => role !== 'none' && role !== 'revoked').length : 0,
        readKeys: group?.ops.readKey?.length ?? 0,
        parents: group ? parentsOf(group) : [],
      };
    },
    members(id, page) {
      const group = open(id);
      return sliceOf(group ? rowsOf(group) : [], page);
    },
    readers(id) {
      const group = open(id);
      if (!group || !isWholeLineage(lineageOf(group))) return 'not-open';
      const readers = rowsOf(group).filter(({ role }) => reading.has(role));
      return readers.some((row) => row.id === everyone) ? 'everyone' : readers.length;
    },
  };
}

function parentIDsOf(group: RawGroup): readonly string[] {
  return group
    .keys()
    .filter((key) => key.startsWith('parent_co_') && group.get(key) !== 'revoked')
    .map((key) => key.slice('parent_'.length));
}

function directRole(group: RawGroup, id: string): string | undefined {
  const role: unknown = group.get(id as typeof everyone);
  return typeof role === 'string' ? role : undefined;
}

function nameOf(group: RawGroup | undefined): { readonly name?: string } {
  return nameFrom(group?.name);
}

function nameFrom(name: unknown): { readonly name?: string } {
  return typeof name === 'string' && name !== '' ? { name: shownKey(name) } : {};
}

/** This account first, then by role, then invitations, `everyone`, and former members. */
function rankOf({ id, isOwn, role }: MemberRow): number {
  if (isOwn) return -1;
  if (id === everyone) return order.length + 1;
  if (role === 'revoked') return order.length + 2;
  const rank = order.indexOf(role);
  return rank < 0 ? order.length : rank;
}
