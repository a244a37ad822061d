import type { RawCoValue } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import { isKernelError, type KernelError, type LoadDelay } from '../../base/kernel-error.ts';
import { ownRightsTo } from '../../engine/covalue-access.ts';
import { rungs } from '../../sync/rungs.ts';
import type { CoValueSync } from '../../sync/sync-state.ts';
import type { Finding } from '../loads/search.ts';
import { freezeJson } from './freeze-json.ts';
import type { Watched } from './watched.ts';

/** A watched CoValue of any type. */
export type WatchedAny = Watched<unknown, RawCoValue>;

/** Returns `before` if nothing has changed. */
export function describeWatched(facts: {
  readonly id: string;
  readonly before: WatchedAny | undefined;
  readonly found: Finding | undefined;
  readonly delay: () => LoadDelay;
  readonly nowMs: () => number;
  readonly steps: () => CoValueSync;
}): WatchedAny {
  const { before } = facts;
  const now = describe(facts);
  return before && isEqual(before, now) ? before : now;
}

function describe({
  id,
  before,
  found,
  delay,
  nowMs,
  steps,
}: Parameters<typeof describeWatched>[0]): WatchedAny {
  if (found instanceof Error) return failed(id, found);
  if (found) return ready(id, found, before, steps());
  // The latest state stays until there is another to show.
  if (before?.state === 'ready') return ready(id, before.raw, before, steps());
  if (before && before.state !== 'loading') return before;
  const because = delay();
  return {
    id,
    state: 'loading',
    sinceMs: before?.sinceMs ?? nowMs(),
    because: because === 'no-answer' ? 'asking' : because,
  };
}

function failed(id: string, error: KernelError): WatchedAny {
  if (isKernelError(error, 'CO_VALUE_FORBIDDEN')) {
    const { groupID, role } = error.details;
    return { id, state: 'unauthorized', groupID, role };
  }
  if (error.code === 'CO_VALUE_NOT_FOUND') return { id, state: 'unavailable' };
  return { id, state: error.code === 'CO_VALUE_DELETED' ? 'deleted' : 'unreadable' };
}

function ready(id: string, raw: RawCoValue, before: WatchedAny | undefined, steps: CoValueSync): WatchedAny {
  const shown = before?.state === 'ready' ? before : undefined;
  const { role, canWrite } = ownRightsTo(raw);
  const value = valueOf(raw);
  return {
    id,
    state: 'ready',
    // While the group's latest content is incomplete, the account keeps its role.
    ...(role ? { role, canWrite } : { role: shown?.role ?? 'reader', canWrite: shown?.canWrite ?? false }),
    value: shown && isEqual(shown.value, value) ? shown.value : freezeJson(value),
    raw,
    reached: rungs.findLast((rung) => steps[rung] === 'reached') ?? 'made',
  };
}

function valueOf(raw: RawCoValue): unknown {
  const json = raw.toJSON();
  return raw.type === 'coplaintext' ? (json as readonly string[]).join('') : json;
}
