import type { RawGroup } from 'cojson';
import { isKernelError } from '../../base/kernel-error.ts';
import { groupIn, isCompleteGroup } from '../../engine/covalue-access.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import type { CollaborationParts } from '../app-parts.ts';

const retryMs = 10_000;

/** The group of a CoValue, once it is here with all groups above it. */
export function completeGroupOf(
  { node }: Pick<CollaborationParts, 'node'>,
  id: string,
): RawGroup | undefined {
  const core = getAvailableCoValue(node, id);
  const group = core && groupIn(core);
  return group && isCompleteGroup(group.core) ? group : undefined;
}

/** Loads the group of a CoValue, however long that takes, and calls `changed` when it may have changed. */
export function followGroup(
  parts: Pick<CollaborationParts, 'node' | 'load' | 'clock'>,
  id: string,
  sessionEnd: AbortSignal,
  changed: () => void,
): () => void {
  const { node, load, clock } = parts;
  const ended = new AbortController();
  if (sessionEnd.aborted) return () => {};
  sessionEnd.addEventListener('abort', () => ended.abort(), { signal: ended.signal });
  const end = (stop: () => void) => ended.signal.addEventListener('abort', stop);
  let isGroupFollowed = false;

  function check(): void {
    const core = getAvailableCoValue(node, id);
    const group = core && groupIn(core);
    if (group && !isGroupFollowed) {
      isGroupFollowed = true;
      if (group.id !== id) end(group.core.subscribe(changed, false));
    }
    changed();
  }

  async function loadGroup(): Promise<void> {
    try {
      await load(id, { signal: ended.signal });
    } catch (error) {
      const isFinal = isKernelError(error, 'CO_VALUE_FORBIDDEN') || isKernelError(error, 'SESSION_CLOSED');
      if (!isFinal && !ended.signal.aborted) end(clock.after(retryMs, () => void loadGroup()));
    }
    if (!ended.signal.aborted) check();
  }

  end(getOrCreateCoValue(node, id).subscribe(check, false));
  check();
  void loadGroup();
  return () => {
    ended.abort();
  };
}
