import { isRecord } from '../../base/record.ts';
import { guardedValue, type Guard } from './guard.ts';
import { hidden, shownKey, shownValue } from './shown-value.ts';
import type { ShownChange, TransactionChanges } from './transaction-types.ts';

const maxChanges = 20;

export function shownChanges(guard: Guard, type: string, changes: readonly unknown[]): TransactionChanges {
  const toShown = type === 'costream' ? itemOf : operationOf;
  return {
    state: 'read',
    changes: changes.slice(0, maxChanges).map((change) => toShown(guard, change)),
    leftOut: Math.max(0, changes.length - maxChanges),
  };
}

function operationOf(guard: Guard, change: unknown): ShownChange {
  if (!isRecord(change) || typeof change.op !== 'string') return { op: 'other', value: hidden };
  const { op, key, value } = change;
  return {
    op: shownKey(op),
    ...(typeof key === 'string' && { key: shownKey(key) }),
    ...(op !== 'del' && { value: guardedValue(guard, typeof key === 'string' ? key : undefined, value) }),
  };
}

/** Streams have items instead of operations; items of a binary stream carry their type. */
function itemOf(guard: Guard, change: unknown): ShownChange {
  if (guard !== 'app') return { op: 'push', value: hidden };
  if (!isRecord(change) || typeof change.type !== 'string') return { op: 'push', value: shownValue(change) };
  const { type, ...rest } = change;
  if (type === 'chunk' && 'chunk' in rest) return { op: 'chunk', value: shownValue(rest.chunk) };
  if (type === 'end') return { op: 'end' };
  if (type === 'start') return { op: 'start', value: shownValue(rest) };
  return { op: 'push', value: shownValue(change) };
}
