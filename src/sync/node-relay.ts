import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import type { Logger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import type { HelloFrame } from '../transport/frames.ts';
import type { Transport } from '../transport/transport.ts';
import { createClockOffset } from './clock-offset.ts';
import { createWaiting, type Confirmations } from './confirmations.ts';
import { createConnection, type Connection } from './connection.ts';
import { coverageOfContent } from './coverage.ts';
import type { SyncFacts } from './describe-sync.ts';
import { createDownload } from './download.ts';
import type { MessageTap, PeerInspection } from './inspection.ts';
import type { Ladder } from './ladder.ts';
import type { NodeEvents } from './node-hooks.ts';
import { createOwnSessionClaims, type OwnSessionClaim } from './own-session-claims.ts';
import { isFork } from './relay-errors.ts';
import { createRelayEvidence, type RelayEvidence } from './relay-evidence.ts';
import { createUnacknowledged } from './unacknowledged.ts';

/** A node's one relay, from before there is one: what goes to it and comes from it, and what that proves of the edits. */
export interface NodeRelay
  extends
    Pick<NodeEvents, 'handling' | 'handled'>,
    Pick<Confirmations, 'whenHeard' | 'onOwnSessionClaim' | 'believe'> {
  readonly evidence: RelayEvidence;
  /** Undefined before `connect`. */
  readonly connection: Connection | undefined;
  readonly urls: readonly string[] | undefined;
  /** Empty before `connect`. */
  readonly peerID: string;
  readonly hello: HelloFrame | undefined;
  /** What the sync's state says of it. */
  facts(): Pick<SyncFacts, 'download' | 'clockOffsetMs' | 'hello' | 'peer'>;
  inspect(): readonly PeerInspection[];
  setTap(tap: MessageTap | undefined): void;
  /** Once. */
  connect(urls: readonly [string, ...string[]]): void;
}

export function createNodeRelay(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly transport: Transport;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly logger: Logger;
  readonly onChange: () => void;
}): NodeRelay {
  const { node, ladder, transport, platform, logger, onChange } = options;
  const { clock } = platform;
  const claims = createOwnSessionClaims({ node, ladder, onClaim: (claim) => hearClaim(claim) });
  const evidence = createRelayEvidence(node, ladder, claims);
  const download = createDownload();
  const clockOffset = createClockOffset();
  const unacknowledged = createUnacknowledged();
  const waiting = createWaiting();
  const onTheWay: SyncMessage[] = [];
  let connection: Connection | undefined;
  let urls: readonly string[] | undefined;
  let peerID = '';
  let lastHello: HelloFrame | undefined;
  let tap: MessageTap | undefined;
  /** The relay may speak before a session is there to hear it. */
  const unheardClaims = new Map<RawCoID, OwnSessionClaim>();
  let hearClaim: (claim: OwnSessionClaim) => void = (claim) => unheardClaims.set(claim.id, claim);

  function connect([first, ...others]: readonly [string, ...string[]]): void {
    urls = [first, ...others];
    const target = new URL(first);
    peerID = target.host;
    connection = createConnection({
      urls: [target, ...others.map((url) => new URL(url))],
      peerID,
      transport,
      platform,
      on: {
        changed: onChange,
        ready(peer, hello) {
          if (isAnotherStorage(lastHello, hello)) evidence.doubtAll();
          lastHello = hello;
          // cojson keeps what it knew of a peer with the same id, and would never refill a relay that lost data.
          node.syncManager.removePeer(peerID);
          node.syncManager.addPeer(peer);
          download.connected();
          onChange();
        },
        lost() {
          onTheWay.length = 0;
          download.lost();
          unacknowledged.lost();
          evidence.lost();
          claims.lost();
          ladder.connectionLost();
        },
        sent(message, bytes) {
          if (message.action === 'content') onTheWay.push(message);
          download.sent(message);
          unacknowledged.sent(message);
          claims.sent(message);
          tap?.('sent', peerID, message, bytes, clock.nowMs());
        },
        drained() {
          for (const message of onTheWay.splice(0)) {
            if (message.action === 'content') ladder.reached('sent', message.id, coverageOfContent(message));
          }
        },
        received: (message, bytes) => tap?.('received', peerID, message, bytes, clock.nowMs()),
        withheld(message, error) {
          logger.warn(error.message, { code: error.code, id: message.id });
          ladder.failed(message.id, error);
        },
        refused(error, id) {
          logger.warn(error.message, { code: error.code });
          if (id === undefined) return;
          ladder.failed(id, error);
          if (isFork(error)) hearClaim({ id: id as RawCoID });
        },
        relayClock(timeMs) {
          clockOffset.heard(timeMs, clock.nowMs());
          // For nodes that correct their times by it. cojson reads the system's clock, and not ours.
          node.clockOffset.addSample({ serverTime: timeMs, localReceiveTime: Date.now() });
          onChange();
        },
      },
    });
    onChange();
  }

  function isRelay({ id }: PeerState): boolean {
    return id === peerID;
  }

  return {
    evidence,
    get connection() {
      return connection;
    },
    get urls() {
      return urls;
    },
    get peerID() {
      return peerID;
    },
    get hello() {
      return lastHello;
    },
    handling(message, peer) {
      if (isRelay(peer)) claims.hears(message);
    },
    handled(message, peer) {
      if (!isRelay(peer)) return;
      evidence.handled(message, peer);
      download.handled(message);
      unacknowledged.handled(message);
      if ('id' in message) waiting.heard(message.id);
      onChange();
    },
    whenHeard: waiting.whenHeard,
    onOwnSessionClaim(listener) {
      hearClaim = listener;
      for (const claim of unheardClaims.values()) listener(claim);
      unheardClaims.clear();
    },
    believe(id, found) {
      claims.believe(id, found);
      onChange();
    },
    facts: () => ({
      download: download.state,
      clockOffsetMs: clockOffset.currentMs,
      hello: lastHello,
      peer: connection && {
        id: peerID,
        url: connection.url.href,
        transport: transport.name,
        state: connection.state,
      },
    }),
    inspect() {
      if (!connection) return [];
      const { bufferedBytes } = connection;
      const hello = lastHello && { hello: lastHello };
      return [{ id: peerID, bufferedBytes, unacknowledgedMessages: unacknowledged.count, ...hello }];
    },
    setTap: (next) => void (tap = next),
    connect,
  };
}

function isAnotherStorage(before: HelloFrame | undefined, now: HelloFrame | undefined): boolean {
  return (
    before !== undefined &&
    (before.storage.id !== now?.storage.id || before.storage.epoch !== now.storage.epoch)
  );
}
