import { cojsonInternals, type LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import {
  authorOf,
  contentBytes,
  sessionsOf,
  type Content,
  type RawCoID,
  type SessionID,
} from '../../engine/content.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { createThrowAwayNode } from '../../engine/create-node.ts';
import { awaitNoMore, namedIn as namedInContent } from '../../engine/release-pacing.ts';
import { admitContent } from '../admission/admit-content.ts';
import { contentRefusals, type RefusalReason } from '../admission/content-refusal.ts';
import { createBeginnings, type Beginnings } from '../beginnings/beginnings.ts';
import { namedIn, requiredOf } from '../client/content-dependencies.ts';
import { contentParts } from '../client/content-parts.ts';
import { guardAgainstForks } from '../namespace/fork-guard.ts';
import type { Restrictions } from '../operator/restrictions.ts';
import type { WrittenTogether } from '../storage/commits/written-together.ts';
import { isSameTransaction } from '../storage/find-forks.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import type { StoredContent } from '../storage/content-loader.ts';
import { captureStorage } from './capture-storage.ts';
import { StatelessRefusal, type Conflict } from './refusal.ts';
import type { Pace } from './request-pace.ts';

export interface VerifyOptions {
  /** The relay's node, whose crypto is used. */
  readonly node: LocalNode;
  readonly storage: Pick<SqlStorage, 'openReader' | 'readClaim' | 'readCommitted'>;
  readonly beginnings: Pick<Beginnings, 'sinceMs'>;
  readonly restrictions: Pick<Restrictions, 'isBlocked' | 'isTakenDown'>;
  readonly clock: Clock;
  readonly inTurn: Pace['inTurn'];
  /** So many bytes are loaded of what is stored. */
  loaded(bytes: number): void;
  /** The most that a push may load, besides what the CoValue needs that needs most. */
  readonly maxLoadedBytes: number;
}

/** How many CoValues are read ahead. Of each, up to 100 kB are read at once. */
const maxAhead = 16;
// Measured; see `trackLoaded`.
const bytesPerCoValue = 14_000;
const bytesPerStoredByte = 3.2;

const peerID = 'push';

/**
 * Checks changes by the rules for connected clients, on a throw-away node with the stored content that they need. Returns the
 * content to store. Throws a `StatelessRefusal` if one of them is not to be stored, and rejects if the storage fails.
 */
export async function verifyPush(
  changes: readonly Content[],
  options: VerifyOptions,
): Promise<WrittenTogether> {
  refuseTakenDown(changes, options.restrictions);
  const push = openPush(changes, options);
  await push.load();
  await push.handAll();
  push.check();
  return push.result();
}

function openPush(changes: readonly Content[], options: VerifyOptions) {
  const { storage, restrictions, inTurn } = options;
  // Nothing waits here: what cannot be decided at the end is refused.
  const clock: Clock = { ...options.clock, after: () => () => {} };
  const node = createThrowAwayNode(options.node);
  const captured = captureStorage();
  node.setStorage(captured.storage);
  const beginnings = createBeginnings({
    node,
    clock,
    isAlone: false,
    sinceMs: options.beginnings.sinceMs(),
    readClaim: storage.readClaim,
    readCommitted: storage.readCommitted,
    onceWritten() {},
  });
  const refused = new Map<string, RefusalReason>();
  const forked = new Set<string>();
  const incomplete: Content[] = [];
  const keyOf = (id: string, sessionID: string) => `${id} ${sessionID}`;
  const admission = admitContent({
    node,
    clock,
    beginnings,
    restrictions,
    // The size of a push is limited already.
    maxHeldBytes: Infinity,
    on: {
      refused: (_, { id, sessionID, reason }) => void refused.set(keyOf(id, sessionID), reason),
      admitted: (_, id, sessionID) => void refused.delete(keyOf(id, sessionID)),
      incomplete: (_, content) => void incomplete.push(content),
      held() {},
    },
  });
  guardAgainstForks(node, clock, {
    refused: (_, { id, sessionID }) => void forked.add(keyOf(id, sessionID)),
    deletionRefused() {},
  });
  node.syncManager.addPeer({
    id: peerID,
    role: 'client',
    incoming: new cojsonInternals.ConnectedPeerChannel(),
    outgoing: { push() {}, close() {}, onClose() {} },
  });
  const peer = node.syncManager.peers[peerID];

  const reader = storage.openReader(changes.flatMap((change) => Object.keys(change.new)));
  const entered = new Set<string>();
  const ahead = new Map<string, StoredContent | undefined>();
  const stored = new Set<string>();
  let loadedBytes = 0;
  /** By the changed CoValue that needs it. */
  const neededBytes = new Map<string, number>();
  let mostNeededBytes = 0;

  const core = (id: string) => getKnownCoValue(node, id);
  const isHere = (id: string) => core(id)?.isAvailable() === true;
  const countOf = (id: string, sessionID: SessionID) =>
    core(id)?.verified?.getTransactionsCount(sessionID) ?? 0;

  function putStored(piece: Content, changedID: string): void {
    const bytes = (stored.has(piece.id) ? 0 : bytesPerCoValue) + bytesPerStoredByte * contentBytes(piece);
    stored.add(piece.id);
    loadedBytes += bytes;
    const needed = (neededBytes.get(changedID) ?? 0) + bytes;
    neededBytes.set(changedID, needed);
    mostNeededBytes = Math.max(mostNeededBytes, needed);
    options.loaded(loadedBytes);
    // Otherwise a CoValue that is long could never be changed.
    if (loadedBytes - mostNeededBytes > options.maxLoadedBytes)
      throw new StatelessRefusal(
        'too-large',
        'The relay would have to load too much for the CoValues of this push. Push fewer at a time.',
      );
    awaitNamedNoMore(piece);
    node.syncManager.handleNewContent(piece, 'storage');
  }

  /** A named CoValue that is not here by now is not stored, and cojson would wait for it. */
  function awaitNamedNoMore(content: Content): void {
    awaitNoMore(getOrCreateCoValue(node, content.id), namedInContent(node, content));
  }

  /** Loads them and what they depend on, dependencies first, one after the other. */
  async function load(ids: readonly string[], changedID?: string): Promise<void> {
    for (const [index, id] of ids.entries()) {
      if (entered.has(id)) continue;
      if (!ahead.has(id)) await readAhead(ids.slice(index));
      const found = ahead.get(id);
      ahead.delete(id);
      if (!entered.has(id)) await take(id, found, changedID ?? id);
    }
  }

  async function readAhead(ids: readonly string[]): Promise<void> {
    const next = ids.filter((id) => !entered.has(id) && !ahead.has(id));
    await Promise.all(
      next
        .slice(0, Math.max(1, maxAhead - ahead.size))
        .map(async (id) => ahead.set(id, await reader.read(id))),
    );
  }

  async function take(id: string, found: StoredContent | undefined, changedID: string): Promise<void> {
    entered.add(id);
    if (!found) return;
    for await (const piece of found.pieces) {
      await load([...cojsonInternals.getDependedOnCoValues(found.header, piece)], changedID);
      await inTurn(() => putStored(piece, changedID));
    }
  }

  async function missingOf(part: Content): Promise<readonly RawCoID[]> {
    const header = core(part.id)?.verified?.header ?? part.header;
    const isMissing = (id: RawCoID) => id !== part.id && !isHere(id);
    const named = requiredOf(part, header).filter(isMissing);
    // The right to name others is known only once the authors are here.
    if (named.length === 0) named.push(...namedIn(part, header, admission.mayName).filter(isMissing));
    await load(named, part.id);
    return named.filter(isMissing);
  }

  /** The CoValue that the part waits for: one of the push, or one that the relay does not have. */
  async function blockerOf(part: Content): Promise<RawCoID | undefined> {
    if (!part.header && !isHere(part.id)) return part.id;
    const isGap = sessionsOf(part).some(
      ([sessionID, { after }]) =>
        after > countOf(part.id, sessionID) && core(part.id)?.isDeleted !== true && isPushed(part, sessionID),
    );
    return isGap ? part.id : (await missingOf(part))[0];
  }

  /** Whether other changes of the push may fill the gap. */
  const sessionCounts = new Map<string, number>();
  for (const change of changes)
    for (const [sessionID] of sessionsOf(change)) {
      const key = keyOf(change.id, sessionID);
      sessionCounts.set(key, (sessionCounts.get(key) ?? 0) + 1);
    }
  const isPushed = ({ id }: Content, sessionID: SessionID) =>
    (sessionCounts.get(keyOf(id, sessionID)) ?? 0) > 1;

  async function hand(part: Content): Promise<void> {
    await beginnings.read(part);
    await inTurn(() => {
      if (!peer) return;
      awaitNamedNoMore(part);
      try {
        node.syncManager.handleNewContent(part, peer);
      } catch {
        throw new StatelessRefusal('invalid', 'The relay could not handle a change.', { ids: [part.id] });
      }
    });
    if (part.header && !isHere(part.id))
      throw new StatelessRefusal('invalid', 'A header does not belong to the ID of its change.', {
        ids: [part.id],
      });
  }

  /** By what they wait for. */
  const waiting = new Map<string, Content[]>();

  async function handAll(): Promise<void> {
    const due = changes.flatMap((change) => [...contentParts(change)]);
    // Grows: what was handed on can release others.
    for (const part of due) {
      const blocker = await blockerOf(part);
      if (blocker !== undefined) {
        waiting.set(blocker, [...(waiting.get(blocker) ?? []), part]);
        continue;
      }
      await hand(part);
      due.push(...(waiting.get(part.id) ?? []));
      waiting.delete(part.id);
    }
  }

  function check(): void {
    checkDependencies();
    const conflicts: Conflict[] = [];
    const unsigned = new Set<string>();
    const reasons = new Map<RefusalReason, Set<string>>();
    for (const change of changes) {
      if (core(change.id)?.isDeleted) continue;
      for (const [sessionID, { after, newTransactions }] of sessionsOf(change)) {
        const { id } = change;
        const have = countOf(id, sessionID);
        const key = keyOf(id, sessionID);
        const reason = refused.get(key);
        if (reason === undefined && !forked.has(key) && have >= after + newTransactions.length) continue;
        if (reason === undefined && forked.has(key) && after <= have && !isFork(change, sessionID)) {
          unsigned.add(id);
          continue;
        }
        if (reason === undefined && (forked.has(key) || after > have))
          conflicts.push({ id, sessionID, have, after, why: after > have ? 'gap' : 'fork' });
        else {
          // Without a reason it would wait, on a connection, until its author has a role.
          const why = reason ?? 'no-role';
          reasons.set(why, (reasons.get(why) ?? new Set()).add(id));
        }
      }
    }
    for (const [reason, ids] of reasons) throw notAdmitted(reason, ids);
    if (unsigned.size > 0)
      throw new StatelessRefusal('invalid', 'The signature of a session does not fit its transactions.', {
        ids: [...unsigned],
      });
    if (conflicts.length > 0) throw conflicting(conflicts);
  }

  /** Whether the relay has another transaction where the change has one. */
  function isFork({ id, new: sessions }: Content, sessionID: SessionID): boolean {
    const known = core(id)?.verified?.getSession(sessionID)?.transactions ?? [];
    const { after = 0, newTransactions = [] } = sessions[sessionID] ?? {};
    return newTransactions.some((transaction, index) => {
      const other = known[after + index];
      return other !== undefined && !isSameTransaction(other, transaction);
    });
  }

  function checkDependencies(): void {
    const missing = new Set<string>();
    for (const content of incomplete)
      for (const id of namedInContent(node, content)) if (!isHere(id)) missing.add(id);
    const pushed = new Set<string>(changes.flatMap(({ id, header }) => (header ? [id] : [])));
    // A change that waits for another one of the push lacks what that one lacks.
    for (const [blocker] of waiting) if (!isHere(blocker) && !pushed.has(blocker)) missing.add(blocker);
    const blockers = [...waiting.keys()].filter((id) => !isHere(id));
    if (missing.size > 0 || blockers.length > 0) {
      const ids = missing.size > 0 ? [...missing] : blockers;
      throw new StatelessRefusal(
        'dependency',
        'The relay lacks CoValues that this push depends on, or their headers. Push them before it, or with it.',
        { ids },
      );
    }
  }

  return {
    load: () => load([...new Set(changes.map(({ id }) => id))]),
    handAll,
    check,
    result(): WrittenTogether {
      const contents = captured.contents.filter(
        (content) => !stored.has(content.id) || sessionsOf(content).length > 0,
      );
      return {
        contents,
        claims: contents.flatMap((content) => beginnings.claimsIn(content)),
        deletions: captured.deletions,
      };
    },
  };
}

/** Throws a `StatelessRefusal` if an operator has forbidden any of it. */
export function refuseForbidden(
  contents: readonly Content[],
  restrictions: VerifyOptions['restrictions'],
): void {
  refuseTakenDown(contents, restrictions);
  const blocked = contents.filter((content) =>
    sessionsOf(content).some(([sessionID]) => restrictions.isBlocked(authorOf(sessionID))),
  );
  if (blocked.length > 0) throw notAdmitted('blocked', new Set(blocked.map(({ id }) => id)));
}

/** Also a change without a session, of which the rules for sessions see nothing. */
function refuseTakenDown(changes: readonly Content[], { isTakenDown }: VerifyOptions['restrictions']): void {
  const ids = new Set(changes.map(({ id }) => id).filter(isTakenDown));
  if (ids.size > 0) throw notAdmitted('taken-down', ids);
}

function notAdmitted(reason: RefusalReason, ids: Iterable<string>): StatelessRefusal {
  const { code, sentence } = contentRefusals[reason];
  return new StatelessRefusal(code, sentence, { ids: [...ids] });
}

export function conflicting(conflicts: readonly Conflict[]): StatelessRefusal {
  return new StatelessRefusal(
    'conflict',
    'The relay has other transactions of these sessions than this push continues. Nothing of the push was stored.',
    { conflicts },
  );
}
