import { RawGroup, type LocalNode } from 'cojson';
import { authorOf, isDeleteSession, type Content, type SessionContent } from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import type { Payer } from '../quota/usage.ts';
import {
  amountOfContent,
  amountOfHeader,
  amountOfTransactions,
  type Amount,
} from '../storage/stored-amount.ts';
import { addedBy, isDeletion } from './judge-session.ts';
import { readAct } from './read-act.ts';

/** What one message takes of its sender's quota, session by session. */
export interface Payment {
  /** Returns false if there is no room for a new CoValue with its content: without, it is of no use. */
  payHeader(): boolean;
  /** Returns false if there is no room for what is new of the session. `count`: how many transactions the relay has. */
  paySession(sessionID: string, content: SessionContent, count: number): boolean;
  /** Call it after cojson has handled what was paid. It counts as used until it is committed, and then by its commit. */
  handled(): void;
}

export interface PaymentOptions {
  readonly node: LocalNode;
  readonly payer: Payer;
  readonly clientID: string;
  readonly message: Content;
  /** Calls `run` once everything stored so far of the CoValue is committed or abandoned. */
  onceWritten(id: string, run: () => void): void;
}

/** Of what is taken without room, so that nothing else hides in it. */
export const maxFreeBytes = 1_000;
/** Several devices of several admins may delete a CoValue before they know of each other. */
export const maxFreeDeletions = 3;

export function openPayment({ node, payer, clientID, message, onceWritten }: PaymentOptions): Payment {
  const { id, header } = message;
  const releases: (() => void)[] = [];

  function pay(amount: Amount, isFree: () => boolean): boolean {
    if (payer.hasRoom(amount)) releases.push(payer.reserve(amount));
    else if (!isFree()) {
      payer.refused(clientID, amount);
      return false;
    }
    return true;
  }

  return {
    payHeader() {
      if (!header || getKnownCoValue(node, id)?.hasVerifiedContent() === true) return true;
      const all = amountOfContent(message);
      if (payer.hasRoom(all)) releases.push(payer.reserve(amountOfHeader(header)));
      else payer.refused(clientID, all);
      return releases.length > 0;
    },
    paySession(sessionID, content, count) {
      const added = addedBy(content, count);
      if (added.length === 0) return true;
      const amount = amountOfTransactions(added);
      return pay(amount, () => {
        if (amount.bytes > maxFreeBytes) return false;
        return (
          isFirstDeletion(node, id, sessionID, content) ||
          isLeaving(node, id, sessionID, { ...content, after: count, newTransactions: [...added] })
        );
      });
    },
    handled() {
      if (releases.length === 0) return;
      onceWritten(id, () => {
        for (const release of releases) release();
      });
    },
  };
}

/** The relay erases what it deletes. A CoValue that is not here yet would only add to what is. */
function isFirstDeletion(node: LocalNode, id: string, sessionID: string, content: SessionContent): boolean {
  const verified = getKnownCoValue(node, id)?.verified;
  if (verified?.header.ruleset.type !== 'ownedByGroup' || !isDeletion(sessionID, content)) return false;
  const deletions = Object.keys(verified.knownState().sessions).filter(isDeleteSession);
  return deletions.length < maxFreeDeletions;
}

/** A member without the right to change the group takes its own role away, which it has now. */
function isLeaving(node: LocalNode, id: string, sessionID: string, content: SessionContent): boolean {
  const [transaction, ...others] = content.newTransactions;
  const author = authorOf(sessionID);
  if (!transaction || others.length > 0) return false;
  const { change } = readAct({ author, sessionID, index: content.after }, transaction);
  if (change.kind !== 'role' || change.member !== author || change.role !== 'revoked') return false;
  try {
    const group = getKnownCoValue(node, id)?.getCurrentContent();
    const role = group instanceof RawGroup ? group.get(author as never) : undefined;
    return role !== undefined && role !== 'revoked';
  } catch {
    // The group can hold anything.
    return false;
  }
}
