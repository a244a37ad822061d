import type { LocalNode, PeerState, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { ChallengeFrame, HelloFrame } from '../../wire/frames.ts';
import type { Admission } from '../admission/admit-content.ts';
import type { Beginnings } from '../beginnings/beginnings.ts';
import type { ClientSocket } from './client-socket.ts';
import type { IncomingFrame } from './reading/incoming-frame.ts';
import type { Commits } from './acknowledgements.ts';
import type { HandledContent } from './answers/cut-acknowledgements.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import type { MemoryBudget } from '../memory/memory-budget.ts';
import type { Restrictions } from '../operator/restrictions.ts';
import type { PresenceRooms } from '../presence/presence-rooms.ts';
import type { Authorization } from './rights/authorization.ts';
import type { Usage } from '../quota/usage.ts';
import type { WireMeasure } from './wire-measure.ts';
import type { ReadTurns } from './reading/read-turns.ts';
import type { RelayLimits } from '../config/relay-options.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import type { SubscriberIndex } from './subscriber-index.ts';

/** Answers one client from the storage, and waits until the client reads. */
export interface AnswerOptions {
  readonly node: LocalNode;
  /** The client; undefined once it has disconnected. */
  readonly peer: () => PeerState | undefined;
  readonly storage: Pick<SqlStorage, 'readContent' | 'readNewer' | 'loadKnownState'>;
  readonly logger: Logger;
  /** Whether the client has read enough to receive more. */
  hasRoom(): boolean;
  /** Resolves when there is room, which another caller may already have used. */
  whenRoom(): Promise<void>;
}

/** What clients of one address may try. */
export interface SignInLimits {
  /** A client sent a token or a proof that does not count. */
  signInFailed(address: string): void;
  /** Why the address may not sign in now; undefined if it may. */
  signInRefusal(address: string): string | undefined;
  /** Counts a lookup. Returns the reason for refusing it; undefined if it is allowed. */
  countLookup(address: string): string | undefined;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly socket: ClientSocket;
  readonly incoming: IncomingFrame | undefined;
  readonly node: LocalNode;
  readonly storage: Commits &
    Pick<
      SqlStorage,
      'onceWritten' | 'readContent' | 'readNewer' | 'readCommitted' | 'loadKnownState' | 'refusal'
    >;
  readonly measure: WireMeasure;
  readonly subscribers: Pick<SubscriberIndex, 'addPeer'>;
  readonly handled: Pick<HandledContent, 'from'>;
  readonly turns: ReadTurns;
  readonly memory: Pick<MemoryBudget, 'open' | 'isScarce'>;
  readonly admission: Pick<Admission, 'mayName'>;
  readonly beginnings: Pick<Beginnings, 'read' | 'heldBack'>;
  readonly restrictions: Pick<Restrictions, 'isTakenDown' | 'blockOf' | 'barredBy'>;
  /** Undefined if clients may load and send everything. */
  readonly authorization?: Authorization | undefined;
  /** What clients that sign in have stored, and may store. Undefined if they need not sign in. */
  readonly usage?: Pick<Usage, 'enter' | 'payerOf'> | undefined;
  /** Undefined if clients need not sign in. */
  readonly signInMethods?: SignInMethods | undefined;
  readonly hello: HelloFrame;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  /** Returns a number in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** A client that has signed in asks for a receipt. `send` is called at most once. */
  challenged(clientID: string, challenge: ChallengeFrame, send: (frame: string) => void): void;
  readonly presence: PresenceRooms;
  /** The client got "not found" for this CoValue. */
  notFound(id: RawCoID): void;
  readonly address: string;
  readonly signInLimits: SignInLimits;
  /** Called once, when the socket has closed. */
  ended(): void;
}
