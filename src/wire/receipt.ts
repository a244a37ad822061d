import { isRecord } from '../base/record.ts';

/**
 * What a relay signs of the state of its storage: the latest of the marks that it numbers, read after the kernel has asked. Within
 * one storage and epoch, no number may go down, and no number may have two roots.
 */
export type Receipt = {
  readonly typ: typeof receiptType;
  readonly storageID: string;
  readonly epoch: string;
  readonly n: number;
  /** The mark's random name. */
  readonly root: string;
  /** The kernel's, from its challenge. */
  readonly nonce: string;
  /** The earlier marks that the kernel named and the relay still has. */
  readonly at: readonly ReceiptMark[];
};

export type ReceiptMark = { readonly n: number; readonly root: string };

export interface SignedReceipt {
  readonly receipt: Receipt;
  /** With the key of the relay's `hello`. */
  readonly signature: string;
}

export const receiptType = 'maia-receipt/1';
/** The earlier marks in one challenge. */
export const maxReceiptMarks = 4;
const maxTextLength = 200;

/** Undefined if malformed. Copies what it reads; an unknown key would be part of what was signed. */
export function readSignedReceipt(value: unknown): SignedReceipt | undefined {
  if (!isRecord(value) || !isReceipt(value['receipt']) || !isReceiptText(value['signature']))
    return undefined;
  return { receipt: value['receipt'], signature: value['signature'] };
}

export function isReceiptText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxTextLength;
}

/** Numbers of marks, as in a challenge. */
export function areMarkNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= maxReceiptMarks && value.every(isMarkNumber);
}

function isReceipt(value: unknown): value is Receipt {
  if (!isRecord(value) || value['typ'] !== receiptType) return false;
  const { typ: _, storageID, epoch, n, root, nonce, at, ...others } = value;
  return (
    [storageID, epoch, root, nonce].every(isReceiptText) &&
    isMarkNumber(n) &&
    Array.isArray(at) &&
    at.length <= maxReceiptMarks &&
    at.every(isMark) &&
    Object.keys(others).length === 0
  );
}

function isMark(value: unknown): boolean {
  return (
    isRecord(value) &&
    isMarkNumber(value['n']) &&
    isReceiptText(value['root']) &&
    Object.keys(value).length === 2
  );
}

function isMarkNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
