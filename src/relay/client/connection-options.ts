import type { LocalNode, PeerState, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import type { Admission } from '../admission/admit-content.ts';
import type { Beginnings } from '../beginnings/beginnings.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Commits } from './acknowledgements.ts';
import type { WireMeasure } from './wire-measure.ts';
import type { ReadTurns } from './read-turns.ts';
import type { RelayLimits } from '../config/relay-options.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import type { SubscriberIndex } from './subscriber-index.ts';

/** What answers one client from the storage, and waits until the client reads. */
export interface AnswerOptions {
  readonly node: LocalNode;
  /** The client; undefined once it has disconnected. */
  readonly peer: () => PeerState | undefined;
  readonly storage: Pick<SqlStorage, 'readContent' | 'loadKnownState'>;
  readonly logger: Logger;
  /** Whether the client has read enough to receive more. */
  hasRoom(): boolean;
  /** Resolves when there is room, which another caller may already have used. */
  whenRoom(): Promise<void>;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly socket: ClientSocket;
  readonly node: LocalNode;
  readonly storage: Commits &
    Pick<SqlStorage, 'onceWritten' | 'readContent' | 'readCommitted' | 'loadKnownState'>;
  readonly measure: WireMeasure;
  readonly subscribers: Pick<SubscriberIndex, 'addPeer'>;
  readonly turns: ReadTurns;
  readonly admission: Pick<Admission, 'mayName'>;
  readonly beginnings: Pick<Beginnings, 'read' | 'heldBack'>;
  readonly hello: HelloFrame;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The client got "not found" for this CoValue. */
  notFound(id: RawCoID): void;
  /** Called once, when the socket has closed. */
  ended(): void;
}
