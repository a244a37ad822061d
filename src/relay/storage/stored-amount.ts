import { sessionsOf, type Content, type CoValueHeader, type Transaction } from '../../engine/content.ts';

/** What content takes in the storage. */
export interface Amount {
  /** Of the stored JSON of its header and transactions, without indexes. */
  readonly bytes: number;
  /** How many it creates. */
  readonly coValues: number;
}

export const nothing: Amount = { bytes: 0, coValues: 0 };

export function sumOf(one: Amount, other: Amount): Amount {
  return { bytes: one.bytes + other.bytes, coValues: one.coValues + other.coValues };
}

export function differenceOf(one: Amount, other: Amount): Amount {
  return { bytes: one.bytes - other.bytes, coValues: one.coValues - other.coValues };
}

export function isNothing({ bytes, coValues }: Amount): boolean {
  return bytes === 0 && coValues === 0;
}

export function amountOfHeader(header: CoValueHeader): Amount {
  return { bytes: Buffer.byteLength(JSON.stringify(header)), coValues: 1 };
}

export function amountOfTransactions(transactions: readonly Transaction[]): Amount {
  return { bytes: transactions.reduce((sum, one) => sum + bytesOf(JSON.stringify(one)), 0), coValues: 0 };
}

/** Of content that is all new. */
export function amountOfContent(content: Content): Amount {
  return sessionsOf(content).reduce(
    (sum, [, { newTransactions }]) => sumOf(sum, amountOfTransactions(newTransactions)),
    content.header ? amountOfHeader(content.header) : nothing,
  );
}

export function bytesOf(json: string): number {
  return Buffer.byteLength(json);
}
