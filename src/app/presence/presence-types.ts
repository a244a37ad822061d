import type { JsonValue } from 'cojson';
import type { Readable } from '../../base/readable.ts';

/** The sessions that are here, and what each shows. */
export interface Presence<S extends JsonValue = JsonValue> extends Readable<PresenceNow<S>> {
  /**
   * Shows this to the others until it is undefined, or until the last subscription ends. At most 20 states a second are sent; the
   * last one counts. Throws VALUE_TOO_LARGE above 2,000 bytes of JSON.
   */
  set(state: S | undefined): void;
}

export interface PresenceNow<S extends JsonValue = JsonValue> {
  /**
   * `waiting`: no relay is connected, or the CoValue is not here, or this account has no key of its group. `not-offered`: the relay
   * does not pass presence on.
   */
  readonly state: 'waiting' | 'on' | 'not-offered';
  /** The sessions that show something, in the order in which they came. Not this session. */
  readonly others: readonly Present<S>[];
}

/** One session. It is gone with its connection, or after 30 s of silence. */
export interface Present<S extends JsonValue = JsonValue> {
  readonly sessionID: string;
  readonly accountID: string;
  /** As in `Member`. */
  readonly name?: string;
  /** Another session of this account. */
  readonly isMe: boolean;
  /** As the app of the other session has set it. It is not checked. */
  readonly state: S;
  /** When the state was sent, by the sender’s clock, in ms since the Unix epoch. */
  readonly atMs: number;
}
