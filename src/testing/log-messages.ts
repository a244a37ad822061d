import type { CoValueHeader } from 'cojson';
import { systemClock } from '../base/clock.ts';
import { isRequestedByKernel } from '../engine/load-request.ts';
import { findCoValue } from '../engine/private-fields.ts';
import { resolveTarget } from '../inspect/resolve-target.ts';
import { kindOfHeader } from '../inspect/shared/covalue-label.ts';
import type { CoValueKind } from '../inspect/snapshot/covalue-kind.ts';
import type { Session } from '../session/session.ts';
import { recordMessages, type MessageNames } from './recorded-messages.ts';

const nouns: Readonly<Record<CoValueKind, string>> = {
  Account: 'account',
  Group: 'group',
  CoMap: 'map',
  CoList: 'list',
  CoStream: 'stream',
  Binary: 'file',
  Text: 'text',
  unknown: 'value',
};

/** Of `logMessages`. */
export interface MessageLog {
  /** Of the messages until now, or until `stop`. */
  lines(): string[];
  stop(): void;
}

/**
 * Records the messages between a session and its relays until `stop`. `lines` gives one line for each, for inline snapshots:
 * `client -> server | LOAD map1 sessions: empty`. It names a CoValue by its kind and by when it first appears, `value1` if its
 * kind is not known, and the map in the account's `root` by that. Several relays are `server1`, `server2`. It leaves out pings,
 * receipts, and what the kernel keeps in CoValues. What each side sends is in order; a line of the other side may come earlier or
 * later in another run.
 *
 * Throws a TypeError if another copy of the kernel created the session.
 */
export function logMessages(session: Session): MessageLog {
  const recorded = recordMessages(resolveTarget(session, systemClock).inspection);
  return { lines: () => recorded.lines(namesIn(session)), stop: recorded.stop };
}

function namesIn({ node, account, accountID, sync }: Session): MessageNames {
  const namesByID = new Map<string, string | undefined>();
  const counts = new Map<string, number>();
  const rootID = account.get('root');
  const peerIDs = sync.current.peers.map(({ id }) => id);

  function nameOf(id: string): string | undefined {
    if (id === rootID) return 'root';
    const header = findCoValue(node, id)?.verified?.header;
    const isOwn = header ? isKernelsOwn(header) : isRequestedByKernel(node, id);
    if (id === accountID || isOwn) return undefined;
    const noun = nouns[header ? kindOfHeader(header) : 'unknown'];
    const count = (counts.get(noun) ?? 0) + 1;
    counts.set(noun, count);
    return `${noun}${count}`;
  }

  return {
    coValue(id) {
      if (!namesByID.has(id)) namesByID.set(id, nameOf(id));
      return namesByID.get(id);
    },
    relay: (peerID) => (peerIDs.length > 1 ? `server${peerIDs.indexOf(peerID) + 1}` : 'server'),
  };
}

function isKernelsOwn({ uniqueness }: CoValueHeader): boolean {
  return typeof uniqueness === 'string' && uniqueness.startsWith('maia/');
}
