import type { CryptoProvider } from 'cojson';
import { isRecord } from '../../base/record.ts';
import type { ReceiptChallenge, RelayContradiction } from '../../sync/confirmations.ts';
import {
  areMarkNumbers,
  isReceiptText,
  maxReceiptMarks,
  readSignedReceipt,
  type Receipt,
  type SignedReceipt,
} from '../../wire/receipt.ts';

export type ReceiptCrypto = Pick<CryptoProvider, 'verify' | 'secureHash'>;

/** Whether the key signed it. */
export function isSignedBy(
  crypto: ReceiptCrypto,
  key: string,
  { receipt, signature }: SignedReceipt,
): boolean {
  type Verify = Parameters<CryptoProvider['verify']>;
  try {
    return crypto.verify(signature as Verify[0], receipt, key as Verify[2]);
  } catch {
    // The key or the signature is malformed.
    return false;
  }
}

/** The nonce commits to what was known when it was made, so the receipt that repeats it is later than that. */
export function nonceOf(crypto: ReceiptCrypto, challenge: ReceiptChallenge): string {
  return crypto.secureHash({ salt: challenge.salt, known: [...challenge.known] });
}

export function isOfOneState(
  { storageID, epoch }: Pick<Receipt, 'storageID' | 'epoch'>,
  other: Pick<Receipt, 'storageID' | 'epoch'>,
): boolean {
  return storageID === other.storageID && epoch === other.epoch;
}

/** Why two receipts of one key, storage and epoch cannot both be true, if `later` was signed after `earlier`. */
export function whyContrary(
  { receipt: earlier }: SignedReceipt,
  { receipt: later }: SignedReceipt,
): RelayContradiction['why'] | undefined {
  if (!isOfOneState(earlier, later)) return undefined;
  const roots = new Map([earlier, ...earlier.at].map(({ n, root }) => [n, root]));
  const hasOther = [later, ...later.at].some(({ n, root }) => (roots.get(n) ?? root) !== root);
  if (hasOther) return 'split-view';
  return later.n < earlier.n ? 'rollback' : undefined;
}

/** Of signed receipts; `known` are those that the challenge named. */
export function findContradiction(
  key: string,
  known: readonly SignedReceipt[],
  later: SignedReceipt,
  challenge: ReceiptChallenge,
): RelayContradiction | undefined {
  for (const earlier of known) {
    const why = whyContrary(earlier, later);
    if (why) return { why, key, earlier, later, challenge };
  }
  return undefined;
}

/** Undefined unless it proves what it claims, whoever has made it. */
export function readContradiction(crypto: ReceiptCrypto, value: unknown): RelayContradiction | undefined {
  if (!isRecord(value) || !isReceiptText(value['key'])) return undefined;
  const { why, key } = value;
  const [earlier, later] = [readSignedReceipt(value['earlier']), readSignedReceipt(value['later'])];
  const challenge = readChallenge(value['challenge']);
  if (!earlier || !later || !challenge) return undefined;
  if (!isSignedBy(crypto, key, earlier) || !isSignedBy(crypto, key, later)) return undefined;
  const found = whyContrary(earlier, later);
  if (!found || found !== why) return undefined;
  // Two roots contradict each other in any order.
  const isOrdered =
    challenge.known.includes(earlier.signature) && nonceOf(crypto, challenge) === later.receipt.nonce;
  return found === 'split-view' || isOrdered ? { why: found, key, earlier, later, challenge } : undefined;
}

function readChallenge(value: unknown): ReceiptChallenge | undefined {
  if (!isRecord(value) || !isReceiptText(value['salt'])) return undefined;
  const { salt, known } = value;
  if (!Array.isArray(known) || known.length > maxReceiptMarks || !known.every(isReceiptText))
    return undefined;
  return { salt, known };
}

/** The numbers to name in a challenge. */
export function numbersOf(known: readonly SignedReceipt[]): readonly number[] {
  const numbers = [...new Set(known.map(({ receipt }) => receipt.n))];
  return areMarkNumbers(numbers) ? numbers : [];
}
