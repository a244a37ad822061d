import type { PeerState, SyncMessage } from 'cojson';
import type { ConnectionOptions } from './connection-options.ts';

/**
 * Keeps CoValues that an operator has taken down from one client. The node may have them loaded, for what depends on them. Content
 * of them from the client is refused where all content is admitted.
 */
export class TakenDown {
  /** Whether anything was kept from the client, or refused to it, that an operator has forbidden. */
  hasWithheld = false;

  constructor(
    private readonly options: Pick<ConnectionOptions, 'node'> & {
      readonly restrictions: Pick<ConnectionOptions['restrictions'], 'isTakenDown'>;
    },
    private readonly peer: () => PeerState | undefined,
  ) {}

  /** Returns what may be handled of a message. Answers a load as that of a CoValue that is not there. */
  receive(message: SyncMessage): SyncMessage | undefined {
    if (message.action === 'reconcile') return this.withoutTakenDown(message);
    if (message.action === 'content' || !this.isTakenDown(message.id)) return message;
    this.hasWithheld = true;
    const { node } = this.options;
    const client = this.peer();
    if (message.action === 'load' && client)
      node.syncManager.trySendToPeer(client, {
        action: 'known',
        id: message.id,
        header: false,
        sessions: {},
      });
    return undefined;
  }

  mayPass(message: SyncMessage): boolean {
    if (
      message.action === 'reconcile-ack' ||
      !this.isTakenDown(message.id) ||
      (message.action === 'known' && !message.header)
    )
      return true;
    this.hasWithheld = true;
    return false;
  }

  private isTakenDown(id: string): boolean {
    return this.options.restrictions.isTakenDown(id);
  }

  private withoutTakenDown(message: Extract<SyncMessage, { action: 'reconcile' }>): SyncMessage {
    if (!message.values.some(([id]) => this.isTakenDown(id))) return message;
    this.hasWithheld = true;
    return { ...message, values: message.values.filter(([id]) => !this.isTakenDown(id)) };
  }
}
