import type { CoValueCore, LocalNode } from 'cojson';
import { findCoValue, openContentOf, readIsErrored } from '../../engine/private-fields.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { labelCoValue } from '../shared/covalue-label.ts';
import type { CoValueLabel } from '../snapshot/covalue-kind.ts';
import type { InspectorSnapshot } from '../snapshot/inspector-snapshot.ts';
import type { UnsyncedRow } from '../snapshot/unsynced-row.ts';
import { createAuthors } from './authors.ts';
import type {
  CoValueFacts,
  CoValueState,
  GroupFacts,
  HeaderFacts,
  MemberPage,
  Page,
  RelayTold,
  SessionPage,
} from './covalue-facts.ts';
import { createSizes } from './covalue-size.ts';
import { findCoValues, type FoundCoValues } from './find-covalues.ts';
import { createGroups } from './group-facts.ts';
import { describeTold, readSessions, totalOf } from './session-rows.ts';
import { shownValue } from './shown-value.ts';
import { readPlaces, type Places } from './steps.ts';
import type { TransactionPage, TransactionsWanted } from './transaction-types.ts';
import { createTransactions } from './transactions.ts';
import type { TreePage, TreePath, TreeWanted } from './tree-types.ts';
import { createTree } from './tree.ts';

/** Reads CoValues at a constant cost per page; opens and decrypts nothing. Empty for one that is not in memory. */
export interface CoValueReader {
  /** Its name, as far as memory has one. */
  label(id: string): CoValueLabel;
  /** Finds CoValues in memory by part of their ID, name or kind. Default limit: 8. */
  find(text: string, limit?: number): FoundCoValues;
  /** The members of its owner group, or its own members if it is a group. */
  members(id: string, page?: Page): MemberPage;
  /** Who wrote how much, and how much of it each relay has. */
  sessions(id: string, page?: Page): SessionPage;
  /** Latest first. */
  transactions(id: string, wanted?: TransactionsWanted): TransactionPage;
  /** The content below a path, one level at a time. */
  tree(id: string, path?: TreePath, wanted?: TreeWanted): TreePage;
}

export function createCoValueReader(
  { node }: SyncInspection,
  now: () => Pick<InspectorSnapshot, 'atMs' | 'overview' | 'unsynced'>,
  /** Wraps each read to measure its cost. */
  measured: <Answer>(read: () => Answer) => Answer,
): CoValueReader & { facts(id: string): CoValueFacts } {
  const authors = createAuthors(node);
  const groups = createGroups(node, authors);
  const transactions = createTransactions(node, authors);
  const tree = createTree(node, authors);
  const sizes = createSizes();

  function inMemory(id: string): CoValueCore | undefined {
    const coValue = findCoValue(node, id);
    return coValue?.verified ? coValue : undefined;
  }

  function placesOf(id: string): Places & { readonly row: UnsyncedRow | undefined; readonly atMs: number } {
    const { atMs, overview, unsynced } = now();
    return {
      ...readPlaces(
        node,
        id,
        overview,
        unsynced.find((row) => row.id === id),
      ),
      atMs,
    };
  }

  function relaysOf(coValue: CoValueCore | undefined, { told, overview }: Places): readonly RelayTold[] {
    const here = coValue?.knownState().sessions ?? {};
    return overview.relays.map(({ id: relayID, host }, index) => ({
      id: relayID,
      host,
      ...describeTold(here, told[index]),
      ...(coValue && readIsErrored(coValue, relayID) === true && { isSkipped: true }),
    }));
  }

  function facts(id: string): CoValueFacts {
    const coValue = inMemory(id);
    const places = placesOf(id);
    const label = labelCoValue(node, id);
    const about = {
      id,
      atMs: places.atMs,
      state: stateOf(node, id),
      label,
      ownAccountID: node.getCurrentAccountOrAgentID(),
      // With thousands of rows, this one may not have its label yet.
      ...(places.row && { unsynced: { ...places.row, ...label } }),
      relays: relaysOf(coValue, places),
    };
    if (!coValue) return about;
    const group = groupIDOf(coValue);
    return {
      ...about,
      header: headerOf(coValue),
      ...(group && { group: groups.facts(group.id, group.relation) }),
      sessions: totalOf(coValue.knownState().sessions),
      size: sizes.of(coValue),
      isOpen: openContentOf(coValue) !== undefined,
      ...(coValue.isDeleted && { isDeleted: true }),
    };
  }

  return {
    facts: (id) => measured(() => facts(id)),
    label: (id) => labelCoValue(node, id),
    find: (text, limit) => measured(() => findCoValues(node, text, limit)),
    members: (id, page = {}) =>
      measured(() => {
        const coValue = inMemory(id);
        const group = coValue && groupIDOf(coValue);
        if (!group) return { total: 0, rows: [] };
        const { total, rows } = groups.members(group.id, page);
        return { total, rows: rows.map((row) => ({ ...row, ...authors.describe(row.id, coValue) })) };
      }),
    sessions: (id, page = {}) =>
      measured(() => {
        const coValue = inMemory(id);
        return coValue ? readSessions(coValue, placesOf(id), authors, page) : { total: 0, rows: [] };
      }),
    transactions: (id, wanted = {}) =>
      measured(() => {
        const coValue = inMemory(id);
        return coValue ? transactions.read(coValue, placesOf(id), wanted) : { total: 0, rows: [] };
      }),
    tree: (id, path = [], wanted = {}) =>
      measured(() => {
        const coValue = inMemory(id);
        return coValue ? tree.read(coValue, placesOf(id), path, wanted) : { state: 'nothing' };
      }),
  };
}

const statesByLoadingState: Readonly<Record<CoValueCore['loadingState'], CoValueState>> = {
  available: 'in-memory',
  loading: 'loading',
  garbageCollected: 'unloaded',
  onlyKnownState: 'on-device',
  unavailable: 'not-found',
  unknown: 'not-asked',
};

export function stateOf(node: LocalNode, id: string): CoValueState {
  return isCoValueID(id) ? statesByLoadingState[findCoValue(node, id)?.loadingState ?? 'unknown'] : 'no-id';
}

export function groupIDOf(coValue: CoValueCore): Pick<GroupFacts, 'id' | 'relation'> | undefined {
  const ruleset = coValue.verified?.header.ruleset;
  if (ruleset?.type === 'group') return { id: coValue.id, relation: 'itself' };
  return ruleset?.type === 'ownedByGroup' ? { id: ruleset.group, relation: 'owner' } : undefined;
}

function headerOf(coValue: CoValueCore): HeaderFacts {
  const { type, ruleset, meta, uniqueness, createdAt } = coValue.verified?.header ?? {};
  const createdAtMs = typeof createdAt === 'string' ? Date.parse(createdAt) : NaN;
  return {
    type: String(type),
    ruleset: ruleset?.type ?? 'unknown',
    ...(ruleset?.type === 'group' && { initialAdmin: ruleset.initialAdmin }),
    ...(ruleset?.type === 'ownedByGroup' && { groupID: ruleset.group }),
    ...(meta !== null && meta !== undefined && { meta: shownValue(meta) }),
    ...(uniqueness !== null && uniqueness !== undefined && { uniqueness: shownValue(uniqueness) }),
    ...(Number.isFinite(createdAtMs) && { createdAtMs }),
  };
}
