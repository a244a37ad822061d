import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import { sessionsOf, transactionBytes, type Content } from '../../engine/content.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import { interceptContent } from '../../engine/node-events.ts';
import { wrapMethod } from '../../engine/wrap-method.ts';

/** The CoValues whose content is in the node's memory. */
export interface LoadedCoValues {
  /** Approximate, with what cojson and its WebAssembly need for them. */
  bytes(): number;
  readonly count: number;
  /** Those first to which content was added longest ago. May be changed meanwhile. */
  oldestFirst(): Iterable<RawCoID>;
}

// Measured.
const bytesPerCoValue = 14_000;
const bytesPerStoredByte = 3.2;

export function trackLoaded(node: LocalNode, changed: () => void): LoadedCoValues {
  /** The length of their transactions. */
  const lengths = new Map<RawCoID, number>();
  let length = 0;

  function add(id: RawCoID, added: number): void {
    const before = lengths.get(id);
    if (before !== undefined && added > 0) lengths.delete(id);
    lengths.set(id, (before ?? 0) + added);
    length += added;
    if (before === undefined || added > 0) changed();
  }

  interceptContent(node, 'memory', (next) => (content, from) => {
    const before = countsOf(findCoValue(node, content.id), content);
    next(content, from);
    const coValue = findCoValue(node, content.id);
    if (coValue?.isAvailable()) add(content.id, lengthBetween(before, coValue, content));
  });
  wrapMethod(node, 'internalDeleteCoValue', (next) => (id) => {
    next(id);
    length -= lengths.get(id) ?? 0;
    if (lengths.delete(id)) changed();
  });

  return {
    bytes: () => lengths.size * bytesPerCoValue + length * bytesPerStoredByte,
    get count() {
      return lengths.size;
    },
    oldestFirst: () => lengths.keys(),
  };
}

function countsOf(coValue: CoValueCore | undefined, content: Content): readonly number[] {
  return sessionsOf(content).map(([sessionID]) => coValue?.verified?.getTransactionsCount(sessionID) ?? 0);
}

/** Of what the content has added: clients may send anything twice. */
function lengthBetween(before: readonly number[], coValue: CoValueCore, content: Content): number {
  const after = countsOf(coValue, content);
  let length = 0;
  sessionsOf(content).forEach(([, session], index) => {
    const from = (before[index] ?? 0) - session.after;
    const to = (after[index] ?? 0) - session.after;
    for (const transaction of session.newTransactions.slice(Math.max(0, from), Math.max(0, to)))
      length += transactionBytes(transaction);
  });
  return length;
}
