import type { CojsonInternalTypes } from 'cojson';

export type Content = CojsonInternalTypes.NewContentMessage;

/** What an attacker is told when it is to begin. */
export interface AttackOrder {
  readonly url: string;
  /** CoValues of others that it may write at, each with what it holds. */
  readonly targets: readonly Content[];
}

/** Does harm from when it is called until `isStopped`, and calls `did` for each piece of it that the relay took or ended. */
export type Attack = (order: AttackOrder, isStopped: () => boolean, did: () => void) => Promise<void>;
