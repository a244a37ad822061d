import type { KernelError } from '../../base/kernel-error.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import type { SignedReceipt } from '../../wire/receipt.ts';

/**
 * Two receipts of one key, storage and epoch that cannot both be true. Anyone can verify them. `rollback`: the later one has a
 * lower number, and its nonce is `secureHash` of `challenge`, so it was signed after the earlier one. `split-view`: they give one
 * number two roots.
 */
export interface RelayContradiction {
  readonly why: 'rollback' | 'split-view';
  /** The key of the relay's `hello`. */
  readonly key: string;
  readonly earlier: SignedReceipt;
  readonly later: SignedReceipt;
  readonly challenge: ReceiptChallenge;
}

/** What a challenge's nonce is the hash of. */
export type ReceiptChallenge = {
  readonly salt: string;
  /** The signatures of the receipts that were known then. */
  readonly known: readonly string[];
};

export interface ReceiptEvents {
  /** A relay is connected. A stock server sends no `hello`. */
  connected(relayID: string, hello: HelloFrame | undefined): void;
  /** Not checked at all. */
  received(relayID: string, signed: SignedReceipt): void;
}

/** What a session asks of its relays, and reports of them. */
export interface RelayReceipts {
  /** Sets the only listener, which is called at once for the relays that are connected. */
  follow(listener: ReceiptEvents): void;
  challenge(relayID: string, nonce: string, at: readonly number[]): void;
  /** Without `error`, the session has reported the relay a short time ago, and listeners are not called again. */
  contradicted(relayID: string, contradiction: RelayContradiction, error: KernelError | undefined): void;
}
