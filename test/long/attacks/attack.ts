import type { CojsonInternalTypes } from 'cojson';

export type Content = CojsonInternalTypes.NewContentMessage;

/** The parameters of an attack. */
export interface AttackOrder {
  readonly url: string;
  /** Other accounts' CoValues to write to, with their known states. */
  readonly targets: readonly Content[];
}

/** Attacks until `isStopped`, and calls `did` for each request that the relay accepted or ended. */
export type Attack = (order: AttackOrder, isStopped: () => boolean, did: () => void) => Promise<void>;
