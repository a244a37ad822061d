import type { CojsonInternalTypes } from 'cojson';

export type Content = CojsonInternalTypes.NewContentMessage;

/** The parameters of an attack. */
export interface AttackOrder {
  readonly url: string;
  /** Another account's CoValues to write to, with their content. */
  readonly targets: readonly Content[];
}

/** Attacks until `isStopped`, and calls `did` after each step, such as a frame sent or a connection dropped. */
export type Attack = (order: AttackOrder, isStopped: () => boolean, did: () => void) => Promise<void>;
