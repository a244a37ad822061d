import { authorOf, sessionsOf, type Content } from '../../../engine/content.ts';
import { namedIn } from '../../../engine/release-pacing.ts';
import { contentRefusals, type RefusalReason } from '../../admission/content-refusal.ts';
import { isSameTransaction } from '../../storage/find-forks.ts';
import type { PushNode, PushNodeOptions } from './push-node.ts';
import { StatelessRefusal, type Conflict, type RefusedSession } from '../refusal.ts';

/**
 * Throws a `StatelessRefusal` unless the node has all of the changes. `awaited`: the CoValues that some of them still wait for.
 */
export function checkTaken(changes: readonly Content[], awaited: Iterable<string>, taken: PushNode): void {
  checkDependencies(changes, [...awaited], taken);
  const conflicts: Conflict[] = [];
  const unsigned = new Set<string>();
  const refused = new Map<RefusalReason, RefusedSession[]>();
  for (const change of changes) {
    const { id } = change;
    if (taken.core(id)?.isDeleted) continue;
    for (const [sessionID, { after, newTransactions }] of sessionsOf(change)) {
      const have = taken.countOf(id, sessionID);
      const reason = taken.reasonFor(id, sessionID);
      const isOdd = taken.isOdd(id, sessionID);
      if (reason === undefined && !isOdd && have >= after + newTransactions.length) continue;
      if (reason === undefined && after > have) conflicts.push({ id, sessionID, have, after, why: 'gap' });
      else if (reason === undefined && isOdd) {
        if (isFork(change, sessionID, taken)) conflicts.push({ id, sessionID, have, after, why: 'fork' });
        else unsigned.add(id);
      } else {
        // Without a reason it would wait, on a connection, until its author has a role.
        const why = reason ?? 'no-role';
        refused.set(why, [...(refused.get(why) ?? []), { id, sessionID }]);
      }
    }
  }
  for (const [reason, sessions] of refused) throw notAdmitted(reason, sessions);
  if (unsigned.size > 0)
    throw new StatelessRefusal('invalid', 'The signature of a session does not fit its transactions.', {
      ids: [...unsigned],
    });
  if (conflicts.length > 0) throw conflicting(conflicts);
}

/** Whether the relay has another transaction where the change has one. */
function isFork({ id, new: sessions }: Content, sessionID: string, { core }: PushNode): boolean {
  const session = sessionID as keyof typeof sessions;
  const known = core(id)?.verified?.getSession(session)?.transactions ?? [];
  const { after = 0, newTransactions = [] } = sessions[session] ?? {};
  return newTransactions.some((transaction, index) => {
    const other = known[after + index];
    return other !== undefined && !isSameTransaction(other, transaction);
  });
}

function checkDependencies(
  changes: readonly Content[],
  awaited: readonly string[],
  { node, incomplete, isHere, isAwaited }: PushNode,
): void {
  const missing = new Set<string>();
  for (const content of incomplete)
    for (const id of namedIn(node, content)) if (isAwaited(id)) missing.add(id);
  const absent = awaited.filter((id) => !isHere(id));
  const pushed = new Set<string>(changes.flatMap(({ id, header }) => (header ? [id] : [])));
  // A change that waits for another one of the push lacks what that one lacks.
  for (const id of absent) if (!pushed.has(id)) missing.add(id);
  const ids = missing.size > 0 ? [...missing] : absent;
  if (ids.length === 0) return;
  throw new StatelessRefusal(
    'dependency',
    'The relay lacks CoValues that this push depends on, or their headers. Push them before it, or with it.',
    { ids },
  );
}

/** Throws a `StatelessRefusal` if an operator has forbidden any of it, or it was erased. */
export function refuseForbidden(contents: readonly Content[], restrictions: PushNodeOptions['restrictions']) {
  refuseClosed(contents, restrictions);
  const sessions = contents.flatMap((content) =>
    sessionsOf(content).map(([sessionID]) => ({ id: content.id, sessionID })),
  );
  const reason = sessions.map(reasonFor).find((found) => found !== undefined);
  if (reason)
    throw notAdmitted(
      reason,
      sessions.filter((session) => reasonFor(session) === reason),
    );

  function reasonFor({ sessionID }: RefusedSession): RefusalReason | undefined {
    return restrictions.barredBy(authorOf(sessionID));
  }
}

/** Also a change without a session, of which the rules for sessions see nothing. */
export function refuseClosed(
  contents: readonly Content[],
  { closedBy }: PushNodeOptions['restrictions'],
  isStored: (id: string) => boolean = () => true,
): void {
  const reasonFor = ({ id, header }: Content) => closedBy(id, isStored(id) ? undefined : header);
  const reason = contents.map(reasonFor).find((found) => found !== undefined);
  if (!reason) return;
  const { code, sentence } = contentRefusals[reason];
  const ids = contents.filter((content) => reasonFor(content) === reason).map(({ id }) => id);
  throw new StatelessRefusal(code, sentence, { ids: [...new Set(ids)] });
}

function notAdmitted(reason: RefusalReason, sessions: readonly RefusedSession[]): StatelessRefusal {
  const { code, sentence } = contentRefusals[reason];
  return refusedSessions(code, sentence, sessions);
}

/** A client can leave them out, and push the rest. */
export function refusedSessions(
  code: (typeof contentRefusals)[RefusalReason]['code'],
  message: string,
  sessions: readonly RefusedSession[],
): StatelessRefusal {
  const named = new Map(sessions.map((session) => [`${session.id} ${session.sessionID}`, session]));
  return new StatelessRefusal(code, message, {
    ids: [...new Set(sessions.map(({ id }) => id))],
    sessions: [...named.values()],
  });
}

export function conflicting(conflicts: readonly Conflict[]): StatelessRefusal {
  return new StatelessRefusal(
    'conflict',
    'The relay has other transactions of these sessions than this push continues. Nothing of the push was stored.',
    { conflicts },
  );
}
