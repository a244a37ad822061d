import { type LocalNode, RawGroup } from 'cojson';
import { findCoValue, openContentOf } from '../../engine/private-fields.ts';
import type { Authors } from './authors.ts';
import type { GroupFacts, MemberPage, MemberRow, Page, ParentGroup } from './covalue-facts.ts';
import { everyone, isMemberKey } from './guard.ts';
import { sliceOf } from './page.ts';
import { shownKey } from './shown-value.ts';

/** Reads groups that are open, and opens none: that may write to them. */
export interface Groups {
  facts(id: string, relation: GroupFacts['relation']): GroupFacts;
  members(id: string, page: Page): MemberPage;
}

/** Who is a member, as long as neither the group nor a parent of it has changed. */
interface Known {
  readonly versions: string;
  readonly rows: readonly MemberRow[];
}

const order = ['admin', 'manager', 'writer', 'reader', 'writeOnly'];

export function createGroups(node: LocalNode, authors: Authors): Groups {
  const known = new WeakMap<RawGroup, Known>();

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

  /** The group and those above it; a parent that is not open is left out, and members from there are not known. */
  function lineageOf(group: RawGroup): readonly RawGroup[] {
    const all = new Set([group]);
    for (const one of all) {
      for (const id of parentIDsOf(one)) {
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

  function readMembers(group: RawGroup, lineage: readonly RawGroup[]): readonly MemberRow[] {
    // cojson opens the parents that it asks: it is asked for the whole only where all of them are open.
    const isWhole = lineage.every((one) => parentIDsOf(one).every((id) => open(id)));
    const sources = isWhole ? lineage : [group];
    const ids = new Set(sources.flatMap((one) => one.keys().filter(isMemberKey)));
    ids.add(everyone);
    const rows = [...ids].map((id): MemberRow => {
      const own = ownRole(group, id);
      const role = (isWhole ? group.roleOf(id as typeof everyone) : own) ?? own ?? 'none';
      const from =
        role === own ? undefined : lineage.slice(1).find((parent) => ownRole(parent, id) !== undefined);
      const { name, isOwn } = authors.describe(id);
      return {
        ...{ id, role },
        ...(name !== undefined && { name }),
        ...(isOwn && { isOwn }),
        ...(from && { fromGroupID: from.id }),
      };
    });
    return rows.sort((a, b) => rankOf(a) - rankOf(b));
  }

  return {
    facts(id, relation) {
      const group = open(id);
      const isAccount = findCoValue(node, id)?.verified?.header.meta?.['type'] === 'account';
      return {
        ...{ id, relation, kind: isAccount ? 'Account' : 'Group', state: stateOf(id) },
        ...(isAccount ? nameFrom(authors.describe(id).name) : nameOf(group)),
        members: group ? rowsOf(group).filter(({ role }) => role !== 'none' && role !== 'revoked').length : 0,
        readKeys: group?.ops.readKey?.length ?? 0,
        parents: group ? parentsOf(group) : [],
      };
    },
    members(id, page) {
      const group = open(id);
      return sliceOf(group ? rowsOf(group) : [], page);
    },
  };
}

function parentIDsOf(group: RawGroup): readonly string[] {
  return group
    .keys()
    .filter((key) => key.startsWith('parent_co_') && group.get(key) !== 'revoked')
    .map((key) => key.slice('parent_'.length));
}

function ownRole(group: RawGroup, id: string): string | undefined {
  const role: unknown = group.get(id as typeof everyone);
  return typeof role === 'string' ? role : undefined;
}

function nameOf(group: RawGroup | undefined): { readonly name?: string } {
  return nameFrom(group?.name);
}

function nameFrom(name: unknown): { readonly name?: string } {
  return typeof name === 'string' && name !== '' ? { name: shownKey(name) } : {};
}

/** This account first, then by what they may do; then invitations, everyone, and who is not a member any more. */
function rankOf({ id, isOwn, role }: MemberRow): number {
  if (isOwn) return -1;
  if (id === everyone) return order.length + 1;
  if (role === 'revoked') return order.length + 2;
  const rank = order.indexOf(role);
  return rank < 0 ? order.length : rank;
}
