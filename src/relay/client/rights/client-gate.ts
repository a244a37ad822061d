import type { LocalNode, PeerState, SyncMessage } from 'cojson';
import type { Clock } from '../../../base/clock.ts';
import { sessionsOf, type Content, type CoValueHeader, type RawCoID } from '../../../engine/content.ts';
import type { InspectFrame } from '../../../wire/frames.ts';
import type { RefusedContent } from '../../admission/content-refusal.ts';
import { createRefusedSessions } from '../../admission/refused-sessions.ts';
import type { Principal } from '../../auth/principal.ts';
import { maxReconciled } from '../answers/reconciliations.ts';
import type { TakePart } from '../client-messages.ts';
import { contentParts, takeInParts } from '../content-parts.ts';
import { createAskedAgain } from './asked-again.ts';
import { AuthorizedMessages } from './authorized-messages.ts';
import type { Authorization } from './authorization.ts';
import { createClientRights } from './client-rights.ts';
import { maySend, type NamedOptions } from './may-send.ts';
import { createOutgoingRights, type OutgoingRights, type OutgoingRightsOptions } from './outgoing-rights.ts';

/** Lets one client load and send only what the operator's `authorize` allows. */
export interface ClientGate extends OutgoingRights {
  /** Takes a message, or its first part, unless it has to wait. Returns how to take the next part, if there is one. */
  take(message: SyncMessage): TakePart | undefined;
  inspect(frame: InspectFrame): void;
  /** A promise unless the answer is known at once. It never rejects. */
  mayLoad(id: string): boolean | Promise<boolean>;
  /** While true, read nothing more from the client. */
  isFull(): boolean;
  hasNext(): boolean;
  /** Takes the next message that waited, or its next part. */
  handOn(): void;
  /** The node or a cold load sends the message. */
  sending(message: SyncMessage): void;
  /** The CoValue is sent because `root` depends on it. */
  goesAlong(id: string, root: string): void;
  /** Call it when the connection ends. */
  close(): void;
}

export interface ClientGateOptions extends NamedOptions, Pick<OutgoingRightsOptions, 'release' | 'drop'> {
  readonly authorization: Authorization;
  /** The client's ID at the node. */
  readonly id: string;
  readonly node: LocalNode;
  readonly clock: Clock;
  readonly random: () => number;
  /** The client; undefined once it has disconnected. */
  peer(): PeerState | undefined;
  user(): Principal | undefined;
  /** Takes what is allowed. */
  take(message: SyncMessage): TakePart | undefined;
  inspect(frame: InspectFrame, isHidden: boolean): void;
  mayTake(): boolean;
  /** There may be something to take, or room for more. */
  settled(): void;
  holds(bytes: number): void;
  refuseContent(refused: RefusedContent, isNotice: boolean): void;
  /** Content without a session is refused. */
  refuseEmpty(id: string): void;
  /** Acknowledges a session again. */
  admitted(id: string, sessionID: string): void;
  /** Disconnects the client, so that it compares everything anew. */
  reconnect(): void;
}

const maxInspecting = 200;

export function createClientGate(options: ClientGateOptions): ClientGate {
  const { authorization, node, peer, settled } = options;
  const rights = createClientRights(authorization.authorizer, options.user, authorization.appID);
  const { mayLoad, has, goesAlong, isAlong } = rights;
  const askedAgain = createAskedAgain({ ...options, allowed: options.reconnect });
  const notices = createRefusedSessions(options.clock);
  const deniedOf = new WeakMap<SyncMessage, ReadonlySet<string>>();
  /** Of the message that a part comes from. */
  const headers = new WeakMap<SyncMessage, CoValueHeader | undefined>();
  let inspecting = 0;

  async function mayCompare(message: Reconcile): Promise<boolean> {
    const denied = new Set<string>();
    await Promise.all(
      message.values.map(async ([id]) => {
        if (!(await mayLoad(id))) denied.add(id);
      }),
    );
    if (denied.size > 0) deniedOf.set(message, denied);
    return true;
  }

  function decide(message: SyncMessage): boolean | Promise<boolean> {
    switch (message.action) {
      case 'load':
        return mayLoad(message.id);
      case 'known':
        // An acknowledgement of what it got.
        return (
          (!message.isCorrection && peer()?.isCoValueSubscribedToPeer(message.id)) || mayLoad(message.id)
        );
      case 'content':
        return maySend(withHeader(message, headers.get(message)), rights, options);
      case 'reconcile':
        if (message.values.length > maxReconciled || message.values.every(([id]) => has(id))) return true;
        return mayCompare(message);
      case 'reconcile-ack':
      case 'done':
        return true;
    }
  }

  function take(message: SyncMessage): TakePart | undefined {
    const denied = deniedOf.get(message);
    for (const sessionID of sessionIDsOf(message))
      if (notices.remove(message.id, sessionID)) options.admitted(message.id, sessionID);
    if (message.action !== 'reconcile' || !denied) return options.take(message);
    for (const id of denied) send({ action: 'load', id: id as RawCoID, header: false, sessions: {} });
    return options.take({ ...message, values: message.values.filter(([id]) => !denied.has(id)) });
  }

  /** As of what the relay does not have. */
  function refuse(message: SyncMessage): void {
    if (message.action === 'load') {
      const { id } = message;
      send({ action: 'known', id, header: false, sessions: {} });
      denied(id);
    } else if (message.action === 'content') refuseContent(message);
  }

  function refuseContent(content: Content): void {
    const { id } = content;
    const sessions = sessionsOf(content);
    if (sessions.length === 0) options.refuseEmpty(id);
    for (const [sessionID, { after }] of sessions) {
      const refused = { id, sessionID, count: after, reason: 'not-authorized' } as const;
      options.refuseContent(refused, notices.add(refused));
    }
    // What was refused for its owner or an author is asked with them again, or a client would reconnect for nothing.
    const emptied = sessions.map(([sessionID, session]) => [sessionID, { ...session, newTransactions: [] }]);
    const emptiedContent: Content = { ...content, new: Object.fromEntries(emptied) as Content['new'] };
    const asked = withHeader(emptiedContent, headers.get(content));
    askedAgain.add(`content ${id}`, () => maySend(asked, rights, options));
  }

  function denied(id: string): void {
    // By its own right: it may have come along with another one since.
    askedAgain.add(`load ${id}`, () => rights.decide(id, 'load'));
  }

  function send(message: SyncMessage): void {
    const client = peer();
    if (client) node.syncManager.trySendToPeer(client, message);
  }

  const messages = new AuthorizedMessages({ ...options, decide, take, refuse });
  const { mayPass } = createOutgoingRights({
    ...options,
    rights,
    denied(id) {
      denied(id);
      // Others that it has a right to may depend on this one, too.
      if (isAlong(id)) options.reconnect();
    },
  });

  return {
    mayPass,
    mayLoad,
    goesAlong,
    take(message) {
      if (message.action !== 'content') return messages.take(message);
      return takeInParts(contentParts(message), (part) => {
        headers.set(part, message.header);
        messages.take(part);
      });
    },
    inspect(frame) {
      inspecting++;
      void Promise.resolve(mayLoad(frame.id)).then((isAllowed) => {
        inspecting--;
        options.inspect(frame, !isAllowed);
        settled();
      });
    },
    isFull: () => messages.isFull() || inspecting >= maxInspecting,
    hasNext: () => messages.hasNext(),
    handOn: () => messages.handOn(),
    sending(message) {
      if (message.action !== 'content' && message.action !== 'known') return;
      const root = authorization.rootFor(options.id);
      if (root !== undefined) goesAlong(message.id, root);
    },
    close() {
      messages.close();
      askedAgain.close();
      rights.close();
    },
  };
}

function withHeader(part: Content, header: CoValueHeader | undefined): Content {
  return header ? { ...part, header } : part;
}

function sessionIDsOf(message: SyncMessage): readonly string[] {
  if (message.action === 'content') return Object.keys(message.new);
  return message.action === 'load' ? Object.keys(message.sessions) : [];
}

type Reconcile = Extract<SyncMessage, { action: 'reconcile' }>;
