import type { PresenceFrame } from '../../wire/frames.ts';

/** `waiting`: no relay that passes presence on is connected, or may be. `not-offered`: no connected relay does. */
export type PresenceOffer = 'waiting' | 'on' | 'not-offered';

export interface PresenceEvents {
  /** A relay was connected, or lost. */
  changed(): void;
  /** Neither its signature nor its seal is checked. */
  received(relayID: string, frame: PresenceFrame): void;
}

/** Presence over the relays of a sync. */
export interface RelayPresence {
  offer(): PresenceOffer;
  /** Sets the only listener. */
  follow(listener: PresenceEvents): void;
  /** To all relays that pass it on. Dropped for one with much to send. */
  send(frame: PresenceFrame): void;
}

export function offerOf(relays: readonly { offersPresence(): boolean | undefined }[]): PresenceOffer {
  const offers = relays.map((relay) => relay.offersPresence());
  if (offers.includes(true)) return 'on';
  return offers.length > 0 && offers.every((isOffered) => isOffered === false) ? 'not-offered' : 'waiting';
}
