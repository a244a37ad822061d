import type { LocalNode, RawCoID, SessionID, SyncMessage } from 'cojson';
import {
  currentSessions,
  ownAuthors,
  sessionsOf,
  type Content,
  type KnownState,
  type Signature,
} from '../engine/content.ts';
import {
  knownCountsOfContent,
  knownCountsOfState,
  isEmpty,
  mergeCounts,
  missingIn,
  missingSessions,
  type KnownCounts,
} from '../engine/known-counts.ts';
import type { DeviceState, DeviceStates } from './delivery/device-states.ts';
import type { Ladder } from './delivery/ladder.ts';
import { atRelay, isAt, needOf, noEdits } from './delivery/pending-edits.ts';
import type { SentSignatures } from './sent-signatures.ts';
import { createSessionProofs } from './session-proofs.ts';
import { getAvailableCoValue, getKnownCoValue, readStored } from '../engine/covalue-lookup.ts';
import { isPartial } from '../wire/sync-message.ts';

/**
 * Checks what a relay claims of the sessions that this device writes. Another client, such as a copy of this browser profile,
 * may use the same session IDs, so a count proves nothing about transactions that this run has not sent: their signature is
 * compared. Nothing claimed is trusted until then.
 */
export interface OwnSessionClaims {
  /** Call when a message arrives. Returns what cojson may handle of it, if anything. */
  arriving(message: SyncMessage): SyncMessage | undefined;
  /** Call before cojson handles the message, because cojson may add the claimed content to the node. */
  check(message: SyncMessage): void;
  /** cojson has refused content of these sessions. */
  refused(id: RawCoID, sessionIDs: readonly string[]): void;
  /** Checks again what the relay claimed before it was known what an earlier run left. */
  checkAgain(id: RawCoID, claimed: KnownCounts): void;
  sent(content: Content): void;
  /** The relay may have this much, because another tab has sent it to this relay. */
  mayHave(id: string, counts: KnownCounts): void;
  /** What is stored of a CoValue that the relay is asked about next. */
  isStored(id: string, state: DeviceState): void;
  isDisputed(id: string): boolean;
  /** The counts that the relay reported, without disputed ones. */
  accepted(id: string, state: KnownCounts): KnownCounts;
  /** The relay was found to have this much of this device's transactions. */
  acceptKnown(id: RawCoID, found: KnownCounts): void;
  /** The next connection proves everything anew that is still pending. */
  lost(): void;
}

/** The relay reports more of the node's own session than this device had, or different content of a session that it owes. */
export interface OwnSessionClaim {
  readonly id: RawCoID;
  readonly relayID: string;
  /** Set if the relay reports more than this device had. */
  readonly ahead?: { readonly sessionID: string; readonly count: number };
}

export function createOwnSessionClaims(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly relayID: string;
  readonly states: DeviceStates;
  /** By CoValue, what the node had before this sync. It may have been sent. */
  readonly earlier: ReadonlyMap<string, KnownCounts>;
  /** By CoValue, what earlier runs left, which the relay has to prove to have. */
  readonly leftByID: ReadonlyMap<string, KnownCounts>;
  /** To any relay. */
  readonly sentSignatures: SentSignatures;
  readonly askAbout: (state: KnownState) => void;
  /** As in `RefusedContent`. */
  readonly listenAgain: (id: RawCoID) => void;
  readonly onClaim: (claim: OwnSessionClaim) => void;
  /** What was disputed turned out to be right. */
  readonly onAccepted: (id: RawCoID, counts: KnownCounts) => void;
}): OwnSessionClaims {
  const {
    node,
    ladder,
    relayID,
    states,
    leftByID,
    sentSignatures,
    askAbout,
    listenAgain,
    onClaim,
    onAccepted,
  } = options;
  const prefixes = ownAuthors(node).map((owner) => `${owner}_session_`);
  const ownIDs = currentSessions(node);
  /**
   * What the relay may have of the account's sessions, because it was sent on this connection. What another relay has, or an
   * earlier connection carried, proves nothing: this relay can have as much of what was never sent to it.
   */
  const mayHaveByID = new Map(options.earlier);
  const disputedByID = new Map<string, KnownCounts>();
  const raisedByID = new Map<string, KnownCounts>();
  const storedByID = new Map<string, DeviceState>();
  /** What the relay can only have from this device, on this connection: a message that left may be lost with it. */
  const provenByID = new Map<string, KnownCounts>();
  const proofs = createSessionProofs({
    askAbout,
    onCompared(id, { sessionID, count }, isSame) {
      if (isSame) acceptProven(id, { [sessionID]: count });
      else onClaim({ id, relayID });
    },
  });
  /** Ends with the connection. */
  let connection = {};

  const isAccounts = (sessionID: string) => prefixes.some((prefix) => sessionID.startsWith(prefix));
  const pendingAt = (id: string) => {
    const edits = ladder.pending.get(id);
    return edits && !isAt(edits, 'confirmed', relayID) ? edits : undefined;
  };

  function isToBeProven(id: string, sessionID: string): boolean {
    return (leftByID.get(id)?.[sessionID] ?? 0) > (provenByID.get(id)?.[sessionID] ?? 0);
  }

  /** If the relay has no more than this, it has this device's transactions. */
  function trusted(id: string, sessionID: string): number {
    const proven = provenByID.get(id)?.[sessionID] ?? 0;
    return isToBeProven(id, sessionID) ? proven : Math.max(proven, mayHaveByID.get(id)?.[sessionID] ?? 0);
  }

  /** The node's own sessions, and those that earlier runs or killed tabs left something of. */
  function sessionsIn(id: RawCoID): readonly string[] {
    return [...new Set([...ownIDs, ...Object.keys(needOf(pendingAt(id) ?? noEdits)).filter(isAccounts)])];
  }

  function judge(id: RawCoID, claimed: KnownCounts): void {
    if (getKnownCoValue(node, id)?.isDeleted) return;
    for (const sessionID of sessionsIn(id)) {
      const count = claimed[sessionID] ?? 0;
      if (count <= trusted(id, sessionID)) continue;
      if (!isAhead(id, sessionID, count) && !isUnsent(id, sessionID, count)) continue;
      // If the storage cannot be read, the relay's next answer is looked into.
      const isNew = dispute(id, sessionID, count);
      if (isNew || proofs.isOpen(id, sessionID))
        compare(id, claimed, sessionID).catch(() => raisedByID.delete(id));
    }
  }

  /** Content confirms nothing, but may be another client's. */
  function judgeContent(content: Content): void {
    const { id } = content;
    if (getKnownCoValue(node, id)?.isDeleted) return;
    const claimed = knownCountsOfContent(content);
    for (const sessionID of ownIDs) {
      const count = claimed[sessionID] ?? 0;
      if (count > trusted(id, sessionID) && isAhead(id, sessionID, count))
        compare(id, claimed, sessionID).catch(() => {});
    }
  }

  /** What cojson refuses of an owed session continues what another client wrote: this device has something else there. */
  function refused(id: RawCoID, sessionIDs: readonly string[]): void {
    const owed = sessionsIn(id);
    if (!sessionIDs.some((sessionID) => owed.includes(sessionID))) return;
    onClaim({ id, relayID });
    listenAgain(id);
  }

  function isAhead(id: RawCoID, sessionID: string, count: number): boolean {
    const inMemory = getKnownCoValue(node, id)?.knownState().sessions[sessionID as SessionID] ?? 0;
    return count > inMemory && ownIDs.includes(sessionID);
  }

  /** Rejects if what is stored cannot be read. */
  async function compare(id: RawCoID, claimed: KnownCounts, sessionID: string): Promise<void> {
    const current = connection;
    const count = claimed[sessionID] ?? 0;
    const state = await stateHere(id, sessionID, count);
    if (current !== connection) return;
    if (state.forks?.has(sessionID)) return onClaim({ id, relayID });
    const had = state.counts[sessionID] ?? 0;
    const isOwed = isUnsent(id, sessionID, count);
    if (count <= had && !isOwed) return accept(id, { [sessionID]: count });
    if (count > had && ownIDs.includes(sessionID))
      return onClaim({ id, relayID, ahead: { sessionID, count } });
    const signature =
      had === count ? await signatureOf(state, id, sessionID) : sentSignatures.of(id, sessionID, count);
    if (current !== connection) return;
    const known = mergeCounts(claimed, state.counts);
    const isAsked = signature !== undefined && proofs.ask(id, known, { sessionID, count, signature });
    if (!isAsked) onClaim({ id, relayID });
  }

  /** What an earlier run left may be on disk only, and memory may have been filled by the relay meanwhile. */
  async function stateHere(id: RawCoID, sessionID: string, count: number): Promise<DeviceState> {
    const inMemory = stateInMemory(node, id);
    const left = leftByID.get(id)?.[sessionID] ?? 0;
    const isNewer = (inMemory.counts[sessionID] ?? 0) >= count && count > left;
    if (isNewer && left === 0) return inMemory;
    // Memory may have changed since the disk was read for the question.
    const stored = (isNewer ? undefined : storedByID.get(id)) ?? (await states.read([id])).get(id);
    return isNewer && !stored?.forks?.has(sessionID) ? inMemory : (stored ?? inMemory);
  }

  /** An app's own storage tells no signatures, so the CoValue is loaded. */
  async function signatureOf(
    { signatures }: DeviceState,
    id: RawCoID,
    sessionID: string,
  ): Promise<Signature | undefined> {
    if (signatures[sessionID]) return signatures[sessionID];
    await readStored(node, id);
    return stateInMemory(node, id).signatures[sessionID];
  }

  /** Whether the claim covers an unconfirmed edit that this run has never sent. */
  function isUnsent(id: string, sessionID: string, count: number): boolean {
    const edits = pendingAt(id);
    if (!edits) return false;
    const confirmed = atRelay(edits, relayID).confirmed[sessionID] ?? 0;
    return edits.edits.some(({ need }) => {
      const needed = need[sessionID] ?? 0;
      return needed > Math.max(trusted(id, sessionID), confirmed) && needed <= count;
    });
  }

  /** Returns false if a claim of at least this size was already reported. */
  function dispute(id: RawCoID, sessionID: string, count: number): boolean {
    disputedByID.set(id, { ...disputedByID.get(id), [sessionID]: count });
    const raised = raisedByID.get(id) ?? {};
    if (count <= (raised[sessionID] ?? 0)) return false;
    raisedByID.set(id, { ...raised, [sessionID]: count });
    return true;
  }

  /** `sessions`: only these. */
  function forgetDisputes(id: RawCoID, sessions: KnownCounts | undefined): void {
    const left = sessions ? missingSessions(sessions, disputedByID.get(id) ?? {}) : {};
    if (isEmpty(left)) disputedByID.delete(id);
    else disputedByID.set(id, left);
  }

  function addTo(byID: Map<string, KnownCounts>, id: string, counts: KnownCounts): void {
    const accounts = Object.entries(counts).filter(([sessionID]) => isAccounts(sessionID));
    if (accounts.length > 0) byID.set(id, mergeCounts(byID.get(id) ?? {}, Object.fromEntries(accounts)));
  }

  function mayHave(id: string, counts: KnownCounts): void {
    addTo(mayHaveByID, id, counts);
  }

  /** What continues transactions that may be another client's proves nothing. */
  function sent(content: Content): void {
    const { id } = content;
    mayHave(id, knownCountsOfContent(content));
    sentSignatures.add(content);
    const { confirmed } = atRelay(ladder.pending.get(id) ?? noEdits, relayID);
    for (const [sessionID, { after, newTransactions }] of sessionsOf(content)) {
      const own = Math.max(provenByID.get(id)?.[sessionID] ?? 0, confirmed[sessionID] ?? 0);
      if (isToBeProven(id, sessionID) && after <= own)
        addTo(provenByID, id, { [sessionID]: after + newTransactions.length });
    }
  }

  function acceptProven(id: RawCoID, found: KnownCounts): void {
    addTo(provenByID, id, found);
    accept(id, found);
  }

  function accept(id: RawCoID, found: KnownCounts): void {
    // Otherwise the relay's next report would be disputed again.
    mayHave(id, found);
    const disputed = disputedByID.get(id) ?? {};
    const left = missingIn(found, disputed);
    if (isEmpty(left)) disputedByID.delete(id);
    else disputedByID.set(id, left);
    // Transactions that are not owed were accepted without a proof. If they are owed later, the same claim is a new one.
    const raised = missingIn(found, raisedByID.get(id) ?? {});
    if (isEmpty(raised)) raisedByID.delete(id);
    else raisedByID.set(id, raised);
    onAccepted(id, missingSessions(left, disputed));
  }

  return {
    arriving: proofs.arriving,
    check(message) {
      if (message.action === 'content') {
        // cojson may have refused something only once it had read the CoValue from the disk.
        if (pendingAt(message.id) || ownIDs.some((sessionID) => sessionID in message.new))
          listenAgain(message.id);
        judgeContent(message);
      }
      if (message.action !== 'known' && message.action !== 'load') return;
      forgetDisputes(message.id, isPartial(message) ? message.sessions : undefined);
      judge(message.id, knownCountsOfState(message));
      storedByID.delete(message.id);
    },
    refused,
    checkAgain(id, claimed) {
      raisedByID.delete(id);
      judge(id, claimed);
    },
    sent,
    mayHave,
    isStored: (id, state) => void storedByID.set(id, state),
    isDisputed: (id) => disputedByID.has(id),
    accepted(id, state) {
      const disputed = disputedByID.get(id);
      if (!disputed) return state;
      return Object.fromEntries(Object.entries(state).filter(([session]) => !(session in disputed)));
    },
    acceptKnown: acceptProven,
    lost() {
      connection = {};
      proofs.lost();
      storedByID.clear();
      raisedByID.clear();
      provenByID.clear();
      mayHaveByID.clear();
      // A result that comes later does not belong to the next connection.
      disputedByID.clear();
    },
  };
}

function stateInMemory(node: LocalNode, id: RawCoID): DeviceState {
  const core = getAvailableCoValue(node, id);
  if (!core) return { counts: {}, signatures: {} };
  const signatures = [...core.verified.getSessions()].flatMap(([sessionID, { lastSignature }]) =>
    lastSignature ? [[sessionID, lastSignature] as const] : [],
  );
  return { counts: knownCountsOfState(core.knownState()), signatures: Object.fromEntries(signatures) };
}
