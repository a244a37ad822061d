import type { JsonRecord } from '../base/record.ts';
import type { Content } from '../engine/content.ts';
import type { OwedContent } from '../storage/owed-content.ts';
import { createOwedChanges, isConflict, isSessionName, type Conflict } from './owed-changes.ts';
import type { Answer } from './post-push.ts';

const maxPushBytes = 4_000_000;

export interface PushEnding {
  /** False if the tab is to send the rest. */
  readonly mayGoOn: boolean;
  /** The CoValues that depend on others which the relay lacks. They may come later. */
  readonly waiting: readonly string[];
}

/**
 * Pushes what is owed, and nothing that the relay has confirmed: a relay that lacks this has lost data, which a tab must find.
 * Leaves out what the relay refuses. Rejects if `post` does.
 */
export async function pushOwed(
  owed: readonly OwedContent[],
  options: {
    readonly post: (changes: readonly Content[]) => Promise<Answer>;
    /** Whether to go on before each push. */
    readonly mayPush: () => Promise<boolean>;
  },
): Promise<PushEnding> {
  const changes = createOwedChanges(owed);
  const waiting: string[] = [];
  let maxBytes = maxPushBytes;

  /** Returns false if the relay lacks what it had confirmed. */
  function resolve({ id, sessionID, have, why }: Conflict, some: readonly Content[]): boolean {
    return why === 'gap' ? changes.goBack(id, sessionID, have) : dropOf(some, [id]);
  }

  /** Returns false if none of them was pushed, and the answer is no answer to the push. */
  function dropOf(some: readonly Content[], ids: readonly string[]): boolean {
    changes.drop(ids);
    return ids.some((id) => some.some((change) => change.id === id));
  }

  /** Leaves out what the answer names: sessions, or whole CoValues. Returns false as `dropOf` does. */
  function dropRefused(some: readonly Content[], body: JsonRecord): boolean {
    const sessions = listIn(body.sessions).filter(isSessionName);
    if (sessions.length === 0) return dropOf(some, idsIn(body));
    changes.dropSessions(sessions);
    return sessions.some((refused) =>
      some.some((change) => change.id === refused.id && refused.sessionID in change.new),
    );
  }

  function takeAnswer({ status, body }: Answer, some: readonly Content[]): boolean {
    switch (status) {
      case 200:
        changes.stored(some);
        return true;
      case 400:
      case 403:
        return dropRefused(some, body);
      case 409: {
        const conflicts = conflictsIn(body);
        return conflicts.length > 0 && conflicts.every((one) => resolve(one, some));
      }
      case 413:
      case 429:
        if (some.length === 1) return dropOf(some, [some[0]?.id ?? '']);
        maxBytes = Math.floor(sizeOf(some) / 2);
        return true;
      case 422: {
        const ids = needing(some, idsIn(body));
        waiting.push(...ids);
        return dropOf(some, ids);
      }
      default:
        return false;
    }
  }

  for (;;) {
    const some = changes.next(maxBytes);
    if (some.length === 0) return { mayGoOn: true, waiting };
    if (!(await options.mayPush()) || !takeAnswer(await options.post(some), some))
      return { mayGoOn: false, waiting };
  }
}

/** Dependencies are in plain text: owners in headers, authors in the IDs of sessions, parents and members in what groups say. */
function needing(changes: readonly Content[], missing: readonly string[]): readonly string[] {
  const needs = changes.filter((change) => {
    const text = JSON.stringify(change);
    return missing.some((id) => id !== change.id && text.includes(id));
  });
  return [...new Set(needs.map(({ id }) => id))];
}

function sizeOf(changes: readonly Content[]): number {
  return changes.reduce((sum, change) => sum + JSON.stringify(change).length, 0);
}

/** One of each session: the relay lists each change of it. */
function conflictsIn({ conflicts }: JsonRecord): readonly Conflict[] {
  const all = listIn(conflicts).filter(isConflict);
  return [...new Map(all.map((one) => [`${one.id} ${one.sessionID}`, one])).values()];
}

function idsIn({ ids }: JsonRecord): readonly string[] {
  return listIn(ids).map(String);
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
