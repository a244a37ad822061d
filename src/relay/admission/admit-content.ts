import type { LocalNode, PeerState } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import {
  authorOf,
  isDeleteSession,
  ownerOf,
  sessionsOf,
  type Content,
  type CoValueHeader,
  type RawCoID,
  type SessionContent,
  type SessionID,
} from '../../engine/content.ts';
import { dependedOn } from '../../engine/covalue-access.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { interceptContent, type HandleContent } from '../../engine/node-events.ts';
import { awaitNoMore } from '../../engine/release-pacing.ts';
import { isBoundAuthor, withOwnHeader } from '../../engine/session-place.ts';
import type { Beginnings } from '../beginnings/beginnings.ts';
import type { Restrictions } from '../operator/restrictions.ts';
import type { Payer } from '../quota/usage.ts';
import type { RefusalReason, RefusedContent } from './content-refusal.ts';
import { genesisFirst } from './genesis-first.ts';
import { createHeldContent, type HeldContent } from './held-content.ts';
import { judgeSession, mayChange } from './judge-session.ts';
import { openPayment, type Payment } from './payment.ts';
import { createOwnerRoles } from './owner-roles.ts';
import { createRefusedSessions, type RefusedSessions } from './refused-sessions.ts';

export interface AdmissionEvents {
  /** `isNotice`: the client should be notified. */
  refused(peerID: string, refused: RefusedContent, isNotice: boolean): void;
  /** Content of a session that was refused before. */
  admitted(peerID: string, id: string, sessionID: string): void;
  /** Content that may be admitted once the CoValues arrive that it names. */
  incomplete(peerID: string, content: Content): void;
  /** So many bytes of the client's content wait for their authors' roles. */
  held(peerID: string, bytes: number): void;
}

export interface Admission {
  /** Whether the session's author may name other CoValues in this group, so that content waits for them. */
  mayName(id: string, header: CoValueHeader, sessionID: string): boolean;
  /** The client has disconnected. */
  ended(peerID: string): void;
  /** Some groups or authors were erased: forgets the names of all. */
  forget(): void;
}

export interface AdmissionOptions {
  readonly node: LocalNode;
  readonly clock: Clock;
  readonly beginnings: Pick<Beginnings, 'isCopy' | 'passing'>;
  readonly restrictions: Pick<Restrictions, 'barredBy' | 'closedBy' | 'isTakenDown'>;
  /** Who pays for the content of a client; undefined if nothing is limited. */
  payerOf?(peerID: string): Payer | undefined;
  /** Calls `run` once everything stored so far of the CoValue is committed or abandoned. */
  onceWritten?(id: string, run: () => void): void;
  /** How much content of one client may wait for its authors' roles. */
  readonly maxHeldBytes: number;
  readonly on: AdmissionEvents;
}

type Session = readonly [SessionID, SessionContent];
/** `again`: held content, before and at the end of its time. */
type Stage = 'arrival' | 'again' | 'last';

/** A group whose sessions depend on each other has few levels: admins, managers, invites. */
const maxRounds = 10;

/**
 * The only place that decides which content of clients reaches cojson, session by session. Refused
 * content is neither stored nor forwarded, and the rest of the message passes. Content whose author may still get a role waits.
 */
export function admitContent(options: AdmissionOptions): Admission {
  const { node, clock, beginnings, restrictions, maxHeldBytes, on } = options;
  const { payerOf, onceWritten = (_, run) => run() } = options;
  let pass: HandleContent = () => {};
  const roles = createOwnerRoles(node);
  const refusedByPeer = new WeakMap<PeerState, RefusedSessions>();
  const heldByPeer = new Map<string, HeldContent>();

  interceptContent(node, 'admission', (next) => {
    pass = (message, from) => {
      const passed = typeof from === 'string' ? undefined : beginnings.passing(message, from.id);
      next(message, from);
      passed?.();
      roles.arrived(message);
      for (const held of [...heldByPeer.values()]) held.groupChanged(message.id);
    };
    return (message, from) => {
      if (typeof from === 'string') return pass(message, from);
      const own = withOwnHeader(node, message);
      if (!own) return;
      const arrive = () => {
        const undecided = take(own, from, 'arrival');
        if (undecided) hold(undecided, from);
      };
      if (isMaybeStored(own)) getOrCreateCoValue(node, own.id).loadFromStorage(arrive);
      else arrive();
    };
  });

  /** Nothing new may have this header, but what others share may have had it before. */
  function isMaybeStored({ id, header }: Content): boolean {
    if (!header || getKnownCoValue(node, id)?.verified || restrictions.closedBy(id)) return false;
    return restrictions.closedBy(id, header) !== undefined;
  }

  /** Passes on what is admitted, and returns what cannot be decided yet. */
  function take(message: Content, from: PeerState, stage: Stage): Content | undefined {
    let rest: Content | undefined = message;
    for (let round = 0; rest && round < maxRounds; round++) {
      const parts: readonly Content[] = genesisFirst(rest, getKnownCoValue(node, rest.id)) ?? [rest];
      const outcomes: readonly Outcome[] = parts.map((part) => takeOnce(part, from, stage));
      rest = outcomes.at(-1)?.undecided;
      // The admitted sessions can give roles to the others.
      if (!outcomes.some(({ hasPassed }) => hasPassed)) break;
    }
    return rest;
  }

  function takeOnce(message: Content, from: PeerState, stage: Stage): Outcome {
    const { id } = message;
    const coValue = getKnownCoValue(node, id);
    const newHeader = coValue?.verified ? undefined : message.header;
    const closed = restrictions.closedBy(id, newHeader);
    if (closed && newHeader) refusedOf(from).add({ id, sessionID: '', count: 0, reason: closed });
    if (closed) return refuseAll(message, from, closed);
    const payer = payerOf?.(from.id);
    // Without its header, cojson would only request all of it again.
    const isWithout = !coValue?.verified && !message.header;
    const refused = isWithout ? refusedByPeer.get(from)?.reasonFor(id, '') : undefined;
    if (refused) return refuseAll(message, from, refused);
    const payment = payer && openPayment({ node, payer, clientID: from.id, message, onceWritten });
    if (payment?.payHeader() === false) return refuseHeader(message, from);
    try {
      return judgeAll(message, from, stage, payment);
    } finally {
      payment?.handled();
    }
  }

  function judgeAll(message: Content, from: PeerState, stage: Stage, payment: Payment | undefined): Outcome {
    const { id } = message;
    const coValue = getKnownCoValue(node, id);
    const header = coValue?.verified?.header ?? message.header;
    // Without a header, cojson accepts nothing; of a deleted CoValue, nothing but the deletion.
    if (!header || coValue?.isDeleted) return passAll(affordable(message, from, payment), from);
    const sessions = sessionsOf(message);
    const admitted: Session[] = [];
    const undecided: Session[] = [];
    const incomplete: Session[] = [];
    for (const session of sessions) {
      const [sessionID, content] = session;
      const count = coValue?.verified?.getTransactionsCount(sessionID) ?? 0;
      const verdict = judge({ id, sessionID, content, count, header, from }, stage);
      if (verdict === 'undecided') undecided.push(session);
      else if (verdict === 'admitted') {
        if (!isComplete(message, session, header, from)) incomplete.push(session);
        else if (payment?.paySession(sessionID, content, count) !== false) admitted.push(session);
        else refuse(from, { id, sessionID, count: Math.max(content.after, count), reason: 'quota' });
      }
    }
    if (incomplete.length > 0) on.incomplete(from.id, withSessions(message, incomplete));
    if (admitted.length === sessions.length) return passAll(message, from);
    // Without any session, cojson still answers what it has.
    const isNew = stage === 'arrival' && !coValue?.verified;
    if (isNew || undecided.length < sessions.length) pass(withSessions(message, admitted), from);
    return {
      hasPassed: header.ruleset.type === 'group' && admitted.length > 0,
      undecided: undecided.length > 0 ? withSessions(message, undecided) : undefined,
    };
  }

  function passAll(message: Content, from: PeerState): Outcome {
    pass(message, from);
    return { hasPassed: false, undecided: undefined };
  }

  function refuseAll(message: Content, from: PeerState, reason: RefusalReason): Outcome {
    for (const [sessionID, { after }] of sessionsOf(message))
      refuse(from, { id: message.id, sessionID, count: after, reason });
    return { hasPassed: false, undecided: undefined };
  }

  /** The client sends no header with what follows. */
  function refuseHeader(message: Content, from: PeerState): Outcome {
    const refused: RefusedContent = { id: message.id, sessionID: '', count: 0, reason: 'quota' };
    if (sessionsOf(message).length === 0) refuse(from, refused);
    else refusedOf(from).add(refused);
    return refuseAll(message, from, 'quota');
  }

  /** Without deletions for which there is no room. */
  function affordable(message: Content, from: PeerState, payment: Payment | undefined): Content {
    const { id } = message;
    const verified = getKnownCoValue(node, id)?.verified;
    if (!payment || !verified) return message;
    const sessions = sessionsOf(message).filter(([sessionID, content]) => {
      if (!isDeleteSession(sessionID)) return true;
      const count = verified.getTransactionsCount(sessionID) ?? 0;
      if (payment.paySession(sessionID, content, count)) return true;
      refuse(from, { id, sessionID, count, reason: 'quota' });
      return false;
    });
    return withSessions(message, sessions);
  }

  function judge(arrival: Arrival, stage: Stage): 'admitted' | 'refused' | 'undecided' {
    const { id, sessionID, content, count, header, from } = arrival;
    // Content of the same author waits already.
    if (stage === 'arrival' && heldByPeer.get(from.id)?.has(id, authorOf(sessionID))) return 'undecided';
    if (stage === 'again' && roles.isStranger(arrival)) return 'undecided';
    const refused = refusedByPeer.get(from);
    // No spread: it would cost more than all rules together.
    const verdict = judgeSession({
      id,
      header,
      sessionID,
      content,
      count,
      nowMs: clock.nowMs(),
      isBound: () => isBoundAuthor(node, id, sessionID) === true,
      barredBy: () => restrictions.barredBy(authorOf(sessionID)),
      role: (added) => roles.verdict(arrival, Math.max(content.after, count), added),
      isCopy: () => beginnings.isCopy(arrival, from.id),
    });
    // It follows content that was refused, so cojson would only request all of it again.
    const earlier = content.after > count ? refused?.reasonFor(id, sessionID) : undefined;
    if (earlier !== undefined && !(verdict === 'admitted' && mayChange(earlier))) return 'refused';
    if (verdict === 'admitted') {
      if (refused?.remove(id, sessionID)) on.admitted(from.id, id, sessionID);
      return verdict;
    }
    if (mayChange(verdict) && stage !== 'last') return 'undecided';
    refuse(from, { id, sessionID, count: Math.max(content.after, count), reason: verdict });
    return 'refused';
  }

  /** The dependency queue waits only for what trusted authors name, and others may have become trusted since. */
  function isComplete(message: Content, session: Session, header: CoValueHeader, from: PeerState): boolean {
    if (header.ruleset.type !== 'group') return true;
    const named = dependedOn(header, withSessions(message, [session]));
    const neverComing = named.filter((id) => restrictions.isTakenDown(id));
    if (neverComing.length > 0) awaitNoMore(getOrCreateCoValue(node, message.id), neverComing);
    return named.every((id) => {
      const coValue = getKnownCoValue(node, id);
      // The queue has waited for it, and this client does not have it.
      return (
        coValue?.isAvailable() ||
        coValue?.getLoadingStateForPeer(from.id) === 'unavailable' ||
        restrictions.isTakenDown(id)
      );
    });
  }

  function hold(content: Content, from: PeerState): void {
    const held = heldByPeer.get(from.id) ?? openHeld(from);
    heldByPeer.set(from.id, held);
    held.add(content);
  }

  function openHeld(from: PeerState): HeldContent {
    return createHeldContent({
      clock,
      maxBytes: maxHeldBytes,
      ownerOf(content) {
        const { id } = content;
        const header = getKnownCoValue(node, id)?.verified?.header ?? content.header;
        return header ? ownerOf(id, header) : id;
      },
      groupsFor: roles.groupsFor,
      decide: (content, isLast) => (from.closed ? undefined : take(content, from, isLast ? 'last' : 'again')),
      holds: (bytes) => on.held(from.id, bytes),
      emptied: () => void heldByPeer.delete(from.id),
    });
  }

  function refuse(from: PeerState, refused: RefusedContent): void {
    on.refused(from.id, refused, refusedOf(from).add(refused));
  }

  function refusedOf(from: PeerState): RefusedSessions {
    const sessions = refusedByPeer.get(from) ?? createRefusedSessions(clock);
    refusedByPeer.set(from, sessions);
    return sessions;
  }

  return {
    mayName: (id, header, sessionID) => roles.isAdministrator({ id, header, sessionID }),
    ended(peerID) {
      heldByPeer.get(peerID)?.close();
      heldByPeer.delete(peerID);
    },
    forget: roles.forget,
  };
}

interface Outcome {
  /** Whether something was passed on that can give roles to the rest. */
  readonly hasPassed: boolean;
  readonly undecided: Content | undefined;
}

interface Arrival {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  readonly content: SessionContent;
  /** How many of the session's transactions the relay has. */
  readonly count: number;
  readonly header: CoValueHeader;
  readonly from: PeerState;
}

function withSessions(message: Content, sessions: readonly Session[]): Content {
  return { ...message, new: Object.fromEntries(sessions) };
}
