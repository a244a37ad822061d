import { cojsonInternals, type CoValueCore, type LocalNode } from 'cojson';
import type { Clock } from '../../../base/clock.ts';
import { sessionsOf, type Content, type SessionID } from '../../../engine/content.ts';
import { getKnownCoValue } from '../../../engine/covalue-lookup.ts';
import { createThrowAwayNode } from '../../../engine/create-node.ts';
import { admitContent, type Admission } from '../../admission/admit-content.ts';
import type { RefusalReason } from '../../admission/content-refusal.ts';
import { createBeginnings, type Beginnings } from '../../beginnings/beginnings.ts';
import { guardAgainstForks } from '../../namespace/fork-guard.ts';
import type { Restrictions } from '../../operator/restrictions.ts';
import type { WrittenTogether } from '../../storage/commits/written-together.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';
import { captureStorage } from './capture-storage.ts';
import { awaitNamedNoMore } from './needed-content.ts';
import { StatelessRefusal } from '../refusal.ts';
import type { Pace } from '../request-pace.ts';

export interface PushNodeOptions {
  /** The relay's node, whose crypto is used. */
  readonly node: LocalNode;
  readonly storage: Pick<SqlStorage, 'readClaim' | 'readCommitted'>;
  readonly beginnings: Pick<Beginnings, 'sinceMs'>;
  readonly restrictions: Pick<Restrictions, 'barredBy' | 'closedBy' | 'isTakenDown'>;
  readonly clock: Clock;
  readonly inTurn: Pace['inTurn'];
}

/** A throw-away node that admits pushed content as the relay's node admits that of a connected client. */
export interface PushNode {
  readonly node: LocalNode;
  readonly mayName: Admission['mayName'];
  core(id: string): CoValueCore | undefined;
  isHere(id: string): boolean;
  /** Whether a group that names this CoValue waits for it. */
  isAwaited(id: string): boolean;
  /** Whether nothing is taken of this author. */
  isBarred(author: string): boolean;
  countOf(id: string, sessionID: SessionID): number;
  /** Rejects with a `StatelessRefusal` if cojson cannot read it. */
  hand(part: Content): Promise<void>;
  /** Why a session was refused. */
  reasonFor(id: string, sessionID: string): RefusalReason | undefined;
  /** Whether a session does not continue what is here, or its signature does not fit. */
  isOdd(id: string, sessionID: string): boolean;
  /** What was not admitted yet, because it names CoValues that are not here. */
  readonly incomplete: readonly Content[];
  /** What was admitted. `wasStored`: its header is not new. */
  result(wasStored: (id: string) => boolean): WrittenTogether;
}

const peerID = 'push';

export function openPushNode(options: PushNodeOptions): PushNode {
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
  const odd = new Set<string>();
  const incomplete: Content[] = [];
  const keyOf = (id: string, sessionID: string) => `${id} ${sessionID}`;
  const { mayName } = admitContent({
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
    refused: (_, { id, sessionID }) => void odd.add(keyOf(id, sessionID)),
    deletionRefused() {},
  });
  node.syncManager.addPeer({
    id: peerID,
    role: 'client',
    incoming: new cojsonInternals.ConnectedPeerChannel(),
    outgoing: { push() {}, close() {}, onClose() {} },
  });
  const peer = node.syncManager.peers[peerID];

  const core = (id: string) => getKnownCoValue(node, id);
  const isHere = (id: string) => core(id)?.isAvailable() === true;

  return {
    node,
    mayName,
    core,
    isHere,
    isBarred: (author) => restrictions.barredBy(author) !== undefined,
    isAwaited: (id) => !isHere(id) && !restrictions.isTakenDown(id),
    countOf: (id, sessionID) => core(id)?.verified?.getTransactionsCount(sessionID) ?? 0,
    async hand(part) {
      await beginnings.read(part);
      await inTurn(() => {
        if (!peer) return;
        awaitNamedNoMore(node, part);
        try {
          node.syncManager.handleNewContent(part, peer);
        } catch {
          throw invalid(part.id, 'The relay could not handle a change.');
        }
      });
      if (part.header && !isHere(part.id))
        throw invalid(part.id, 'A header does not belong to the ID of its change.');
    },
    reasonFor: (id, sessionID) => refused.get(keyOf(id, sessionID)),
    isOdd: (id, sessionID) => odd.has(keyOf(id, sessionID)),
    incomplete,
    result(wasStored) {
      const contents = captured.contents.filter(
        (content) => !wasStored(content.id) || sessionsOf(content).length > 0,
      );
      return {
        contents,
        claims: contents.flatMap((content) => beginnings.claimsIn(content)),
        deletions: captured.deletions,
      };
    },
  };
}

function invalid(id: string, sentence: string): StatelessRefusal {
  return new StatelessRefusal('invalid', sentence, { ids: [id] });
}
