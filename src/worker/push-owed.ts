import type { JsonRecord } from '../base/record.ts';
import type { Content } from '../engine/content.ts';
import type { OwedContent } from '../storage/owed-content.ts';
import { createOwedChanges, isConflict, type Conflict } from './owed-changes.ts';
import type { Answer } from './post-push.ts';

const maxPushBytes = 4_000_000;

/**
 * Pushes what is owed, and nothing that the relay has confirmed: a relay that lacks this has lost data, which a tab must find.
 * Leaves out what the relay refuses. Resolves with false if the tab is to send the rest. Rejects if `post` does.
 */
export async function pushOwed(
  owed: readonly OwedContent[],
  options: {
    readonly post: (changes: readonly Content[]) => Promise<Answer>;
    /** Whether to go on before each push. */
    readonly mayPush: () => Promise<boolean>;
  },
): Promise<boolean> {
  const changes = createOwedChanges(owed);
  let maxBytes = maxPushBytes;

  /** Returns false if the relay lacks what it had confirmed. */
  function resolve({ id, sessionID, have, why }: Conflict): boolean {
    if (why === 'gap') return changes.goBack(id, sessionID, have);
    changes.drop([id]);
    return true;
  }

  for (;;) {
    const some = changes.next(maxBytes);
    if (some.length === 0) return true;
    if (!(await options.mayPush())) return false;
    const { status, body } = await options.post(some);
    if (status === 200) changes.stored(some);
    else if (status === 409) {
      const conflicts = conflictsIn(body);
      if (conflicts.length === 0 || !conflicts.every(resolve)) return false;
    } else if (status === 413 && some.length > 1) maxBytes = Math.floor(sizeOf(some) / 2);
    else {
      const ids = status === 413 ? some.map(({ id }) => id) : refusedOf(status, body);
      if (!ids.some((id) => some.some((change) => change.id === id))) return false;
      changes.drop(ids);
    }
  }
}

function sizeOf(changes: readonly Content[]): number {
  return changes.reduce((sum, change) => sum + JSON.stringify(change).length, 0);
}

/** One of each session: the relay lists each change of it. */
function conflictsIn({ conflicts }: JsonRecord): readonly Conflict[] {
  const all = Array.isArray(conflicts) ? conflicts.filter(isConflict) : [];
  return [...new Map(all.map((one) => [`${one.id} ${one.sessionID}`, one])).values()];
}

/** The CoValues that a push must not have. A missing dependency is no such reason. */
function refusedOf(status: number, { ids }: JsonRecord): readonly string[] {
  return (status === 400 || status === 403) && Array.isArray(ids) ? ids.map(String) : [];
}
