import type { LocalNode } from 'cojson';
import { systemClock } from '../../../src/base/clock.ts';
import type { Content } from '../../../src/engine/content.ts';
import { createDroppedContent, type DroppedContent } from '../../../src/sync/relays/dropped-content.ts';
import { assertSyncMessage } from '../../../src/wire/sync-message.ts';
import { createInstantPacer } from '../../support/instant-pacer.ts';
import type { BoundAccount } from '../bound-account.ts';
import { crypto, kernelNodes, newSecret } from '../nodes.ts';
import { messageOf, type Log, type Piece } from './log.ts';

export interface Person {
  readonly name: string;
  readonly id: string;
  open(): Promise<LocalNode>;
}

/** An honest device, which takes in what the relay hands over. */
export interface Device {
  readonly person: Person;
  readonly node: LocalNode;
  countOf(id: string, sessionID: string): number;
  /** From one of two relays: what follows a beginning that was dropped is taken from the other one only. */
  takeIn(log: Log, id: string, pieces: readonly Piece[], relay?: string): void;
  receive(message: Content, relay: string): void;
}

export function personWithAccount(name: string, account: BoundAccount): Person {
  return { name, id: account.genesis.accountID, open: () => account.kernel() };
}

/** Without an account of a kernel, a session is not bound to its place. */
export function personWithAgent(name: string): Person {
  const secret = newSecret();
  return { name, id: crypto.getAgentID(secret), open: () => kernelNodes.honest(secret) };
}

export async function openDevice(person: Person): Promise<Device> {
  const node = await person.open();
  const boundary: DroppedContent = createDroppedContent({
    node,
    clock: systemClock,
    pacer: createInstantPacer(),
    onDropped: () => {},
  });
  const countOf = (id: string, sessionID: string) =>
    node.getCoValue(id as 'co_z1').verified?.getTransactionsCount(sessionID as never) ?? 0;
  function receive(message: Content, relay: string): void {
    const admitted = boundary.admit(relay, message);
    if (admitted) node.syncManager.handleNewContent(admitted, 'import');
  }
  return {
    person,
    node,
    countOf,
    receive,
    takeIn(log, id, pieces, relay = 'relay') {
      const isNew = node.getCoValue(id as 'co_z1').verified === null;
      const message = messageOf(log, id, pieces, isNew);
      assertSyncMessage(message);
      receive(message, relay);
    },
  };
}
