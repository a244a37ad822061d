import type { SyncMessage } from 'cojson';
import type { ClientRights } from './client-rights.ts';

export interface OutgoingRightsOptions {
  readonly rights: ClientRights;
  /** These were kept, and may be sent now, ahead of later ones. */
  release(messages: readonly SyncMessage[]): void;
  /** These were kept, and are not sent. */
  drop(messages: readonly SyncMessage[]): void;
  /** Something of the CoValue was not sent. */
  denied(id: string): void;
}

/**
 * The last check before anything goes out: a client may have lost a right since it loaded a CoValue. Only the messages of a
 * CoValue wait whose yes has become too old.
 */
export interface OutgoingRights {
  /** `later`: the message is kept until the question is answered. False: it is dropped. */
  mayPass(message: SyncMessage): boolean | 'later';
}

export function createOutgoingRights({
  rights,
  release,
  drop,
  denied,
}: OutgoingRightsOptions): OutgoingRights {
  const waiting = new Map<string, SyncMessage[]>();

  async function settle(id: string, answer: Promise<boolean>): Promise<void> {
    const isYes = await answer;
    const messages = waiting.get(id) ?? [];
    waiting.delete(id);
    if (isYes) return release(messages);
    drop(messages);
    denied(id);
  }

  return {
    mayPass(message) {
      if (tellsNothing(message)) return true;
      const { id } = message;
      const earlier = waiting.get(id);
      if (earlier) {
        earlier.push(message);
        return 'later';
      }
      const answer = rights.mayLoad(id);
      if (answer === false) denied(id);
      if (typeof answer === 'boolean') return answer;
      waiting.set(id, [message]);
      void settle(id, answer);
      return 'later';
    },
  };
}

/** Whether the message has nothing of what the relay stores. */
function tellsNothing(message: SyncMessage): boolean {
  switch (message.action) {
    case 'load':
    case 'known':
      return !message.header;
    case 'content':
      return false;
    case 'reconcile':
    case 'reconcile-ack':
    case 'done':
      return true;
  }
}
