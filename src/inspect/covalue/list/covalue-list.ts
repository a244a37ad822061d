import type { CoValueCore, LocalNode, SessionID } from 'cojson';
import type { Clock } from '../../../base/clock.ts';
import { isEqual } from '../../../base/equal.ts';
import { coValuesInMemory } from '../../../engine/private-fields.ts';
import { createAuthors } from '../authors.ts';
import { groupIDOf, stateOf } from '../covalue-reader.ts';
import type { Sizes } from '../covalue-size.ts';
import { createGroups } from '../group-facts.ts';
import { createBacklog } from '../../shared/backlog.ts';
import type { Cost } from '../../shared/cost.ts';
import { kindOfHeader, labelCoValue } from '../../shared/covalue-label.ts';
import type { CoValueKind } from '../../snapshot/covalue-kind.ts';
import type { UnsyncedRow } from '../../snapshot/unsynced-row.ts';
import type { CoValueList, ListedCoValue, ListWanted } from './listed-covalue.ts';
import { comparing, createCoValueFilter } from './select-covalues.ts';

/** Facts that change only with the CoValue's transactions, except its name, which appears once the app opens it. */
type Content = Pick<ListedCoValue, 'kind' | 'name' | 'bytes' | 'editedAtMs'>;

interface Known {
  readonly knownState: unknown;
  readonly content: Content;
}

/** How many contents a call rereads even if nothing has changed. */
const rereadsPerCall = 100;

export interface CoValueLister {
  list(wanted: ListWanted, unsynced: readonly UnsyncedRow[]): CoValueList;
  close(): void;
}

/**
 * Lists all CoValues that the node knows. Loads and opens nothing. A call costs little more than iterating over them, even
 * for tens of thousands: contents are read in slices, and `onChange` is called after each slice that finds something new.
 */
export function createCoValueList(options: {
  readonly node: LocalNode;
  readonly sizes: Sizes;
  readonly clock: Clock;
  readonly cost: Cost;
  readonly onChange: () => void;
}): CoValueLister {
  const { node, sizes, clock, cost, onChange } = options;
  const groups = createGroups(node, createAuthors(node));
  const known = new WeakMap<CoValueCore, Known>();
  const waiting = new Set<CoValueCore>();
  let nextReread = 0;
  let hasNews = false;

  const backlog = createBacklog<CoValueCore>({
    clock,
    cost,
    // Each call rereads some, so reporting these would never end.
    onWorked() {
      if (hasNews) onChange();
      hasNews = false;
    },
    work(coValues) {
      for (const coValue of coValues) {
        waiting.delete(coValue);
        const read = readContent(coValue);
        hasNews ||= !isEqual(known.get(coValue)?.content, read.content);
        known.set(coValue, read);
      }
    },
  });

  function list(wanted: ListWanted, unsynced: readonly UnsyncedRow[]): CoValueList {
    const coValues = [...coValuesInMemory(node)];
    addToBacklog(coValues);
    const unsyncedByID = new Map(unsynced.map((row) => [row.id, row]));
    const groupFacts = rememberingGroups();
    let unread = 0;
    const rows = coValues.map((coValue): ListedCoValue => {
      const content = known.get(coValue)?.content;
      if (!content) unread++;
      const row = unsyncedByID.get(coValue.id);
      return {
        id: coValue.id,
        state: stateOf(node, coValue.id),
        ...(content ?? { kind: kindOf(coValue) }),
        ...groupFacts(coValue),
        ...(row && { unsynced: row }),
      };
    });
    const { order = 'edited', isReversed = false, offset = 0, limit = 100 } = wanted;
    const found = createCoValueFilter(rows)(wanted);
    const sorted = found.rows.toSorted(comparing(order, isReversed));
    return { ...found, rows: sorted.slice(offset, offset + limit), known: rows.length, unread };
  }

  function addToBacklog(coValues: readonly CoValueCore[]): void {
    const from = nextReread < coValues.length ? nextReread : 0;
    nextReread = from + rereadsPerCall;
    const due = coValues.filter((coValue, place) => {
      if (waiting.has(coValue)) return false;
      const isReread = place >= from && place < nextReread;
      const before = known.get(coValue);
      return isReread || !before || before.knownState !== coValue.verified?.knownState();
    });
    if (due.length === 0) return;
    for (const coValue of due) waiting.add(coValue);
    backlog.add(due);
    backlog.catchUp();
  }

  /** An empty known state makes the rest of a very large one due. */
  function readContent(coValue: CoValueCore): Known {
    const content = contentOf(coValue);
    const isWhole = content.bytes !== undefined;
    return { knownState: isWhole ? coValue.verified?.knownState() : undefined, content };
  }

  /** Asks for each group once: most CoValues share theirs with others. */
  function rememberingGroups(): (coValue: CoValueCore) => Pick<ListedCoValue, 'owner' | 'readers'> {
    const byGroup = new Map<string, Pick<ListedCoValue, 'owner' | 'readers'>>();
    return (coValue) => {
      const group = groupIDOf(coValue);
      if (!group) return {};
      const key = `${group.relation} ${group.id}`;
      const before = byGroup.get(key);
      if (before) return before;
      const readers = groups.readers(group.id);
      const name = groups.name(group.id);
      const owner = { id: group.id, ...(name !== undefined && { name }) };
      const facts = group.relation === 'owner' ? { owner, readers } : { readers };
      byGroup.set(key, facts);
      return facts;
    };
  }

  function contentOf(coValue: CoValueCore): Content {
    const label = labelCoValue(node, coValue.id);
    if (!coValue.verified) return label;
    const bytes = sizes.whole(coValue);
    const editedAtMs = latestEdit(coValue, Object.keys(coValue.verified.knownState().sessions));
    return {
      ...label,
      ...(bytes !== undefined && { bytes }),
      ...(editedAtMs !== undefined && { editedAtMs }),
    };
  }

  return { list, close: backlog.close };
}

function kindOf({ verified }: CoValueCore): CoValueKind {
  return verified ? kindOfHeader(verified.header) : 'unknown';
}

/** The dates of a session's transactions ascend, unless the author chose them. */
function latestEdit({ verified }: CoValueCore, sessionIDs: readonly string[]): number | undefined {
  let latest: number | undefined;
  for (const sessionID of sessionIDs) {
    const atMs = verified?.getSession(sessionID as SessionID)?.transactions.at(-1)?.madeAt;
    if (typeof atMs === 'number' && Number.isFinite(atMs) && !(latest !== undefined && atMs <= latest))
      latest = atMs;
  }
  return latest;
}
