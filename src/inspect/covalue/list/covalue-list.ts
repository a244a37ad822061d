import type { CoValueCore, LocalNode, SessionID } from 'cojson';
import { coValuesInMemory } from '../../../engine/private-fields.ts';
import { createAuthors } from '../authors.ts';
import { groupIDOf, stateOf } from '../covalue-reader.ts';
import { createSizes } from '../covalue-size.ts';
import { createGroups } from '../group-facts.ts';
import { labelCoValue } from '../../shared/covalue-label.ts';
import { textMatcher } from '../../shared/text-matcher.ts';
import type { CoValueKind } from '../../snapshot/covalue-kind.ts';
import type { UnsyncedRow } from '../../snapshot/unsynced-row.ts';
import type { CoValueList, ListedCoValue, ListWanted } from './listed-covalue.ts';
import { comparing } from './order-covalues.ts';

/** What only changes with the CoValue's transactions, apart from its name, which appears once the app opens it. */
type Content = Pick<ListedCoValue, 'kind' | 'name' | 'bytes' | 'editedAtMs'>;

interface Known {
  readonly knownState: unknown;
  readonly content: Content;
}

/** Time that one call spends on reading content. */
const readMs = 8;
/** Contents that a call reads again although nothing has changed. */
const rereadsPerCall = 200;
const unread: Content = { kind: 'unknown' };

/**
 * Lists all CoValues that the node knows. Loads and opens nothing. A call costs little more than going through the list, also
 * if there are tens of thousands.
 */
export function createCoValueList(
  node: LocalNode,
  stopwatchMs: () => number,
): { list(wanted: ListWanted, unsynced: readonly UnsyncedRow[]): CoValueList } {
  const groups = createGroups(node, createAuthors(node));
  const sizes = createSizes();
  const known = new WeakMap<CoValueCore, Known>();
  let nextReread = 0;
  let wasUnread = false;

  function list(wanted: ListWanted, unsynced: readonly UnsyncedRow[]): CoValueList {
    const rows: ListedCoValue[] = [];
    const untilMs = stopwatchMs() + readMs;
    // What was never read takes precedence.
    const reread = { from: nextReread, to: nextReread + (wasUnread ? 0 : rereadsPerCall) };
    const unsyncedByID = new Map(unsynced.map((row) => [row.id, row]));
    const groupFacts = rememberingGroups();
    let left = 0;

    for (const coValue of coValuesInMemory(node)) {
      const isReread = rows.length >= reread.from && rows.length < reread.to;
      const content = contentNow(coValue, isReread, untilMs);
      if (!content) left++;
      const row = unsyncedByID.get(coValue.id);
      rows.push({
        id: coValue.id,
        state: stateOf(node, coValue.id),
        ...(content ?? unread),
        ...groupFacts(coValue),
        ...(row && { unsynced: row }),
      });
    }
    nextReread = reread.to < rows.length ? reread.to : 0;
    wasUnread = left > 0;
    return { ...select(rows, wanted), known: rows.length, unread: left };
  }

  /** Undefined if there was no time to read it even once. */
  function contentNow(coValue: CoValueCore, isReread: boolean, untilMs: number): Content | undefined {
    const before = known.get(coValue);
    const knownState = coValue.verified?.knownState();
    const isCurrent = before && before.knownState === knownState && !isReread;
    if (isCurrent || stopwatchMs() >= untilMs) return before?.content;
    const content = contentOf(coValue);
    const isCounted = content.bytes !== undefined;
    known.set(coValue, { knownState: isCounted ? knownState : undefined, content });
    return content;
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
      const { name } = groups.facts(group.id, group.relation);
      const owner = { id: group.id, ...(name !== undefined && { name }) };
      const facts = group.relation === 'owner' ? { owner, readers } : { readers };
      byGroup.set(key, facts);
      return facts;
    };
  }

  function contentOf(coValue: CoValueCore): Content {
    const label = labelCoValue(node, coValue.id);
    if (!coValue.verified) return label;
    const { sessions } = coValue.verified.knownState();
    const { bytes, counted } = sizes.of(coValue);
    const transactions = Object.values(sessions).reduce((sum, count) => sum + count, 0);
    const editedAtMs = latestEdit(coValue, Object.keys(sessions));
    return {
      ...label,
      // A call counts only part of a very large one.
      ...(counted === transactions && { bytes }),
      ...(editedAtMs !== undefined && { editedAtMs }),
    };
  }

  return { list };
}

/** The dates of a session's transactions ascend, except of authors who choose them. */
function latestEdit({ verified }: CoValueCore, sessionIDs: readonly string[]): number | undefined {
  let latest: number | undefined;
  for (const sessionID of sessionIDs) {
    const atMs = verified?.getSession(sessionID as SessionID)?.transactions.at(-1)?.madeAt;
    if (typeof atMs === 'number' && Number.isFinite(atMs) && !(latest !== undefined && atMs <= latest))
      latest = atMs;
  }
  return latest;
}

function select(
  all: readonly ListedCoValue[],
  {
    text = '',
    isPattern = false,
    kind,
    order = 'edited',
    isReversed = false,
    offset = 0,
    limit = 100,
  }: ListWanted,
): Pick<CoValueList, 'kinds' | 'total' | 'rows'> {
  const matches = textMatcher(text, isPattern);
  const matching = matches
    ? all.filter(({ id, name, kind: its, owner }) =>
        matches(`${id} ${name ?? ''} ${its} ${owner?.name ?? ''}`),
      )
    : all;
  const kinds: Partial<Record<CoValueKind, number>> = {};
  for (const row of matching) kinds[row.kind] = (kinds[row.kind] ?? 0) + 1;
  const shown = kind === undefined ? matching : matching.filter((row) => row.kind === kind);
  const sorted = shown.toSorted(comparing(order, isReversed));
  return { kinds, total: sorted.length, rows: sorted.slice(offset, offset + limit) };
}
