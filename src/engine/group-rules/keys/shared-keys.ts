import { base58 } from '@scure/base';
import type { RawGroup } from 'cojson';
import type { KeyID } from './key-search.ts';

/** A key that the members of a group have. */
export interface SharedKey {
  readonly id: string;
  readonly secret: Uint8Array<ArrayBuffer>;
}

/** The key with which this account writes now. Undefined if it has none. */
export function currentKeyOf(group: RawGroup): SharedKey | undefined {
  const id = group.getCurrentReadKeyId();
  return id && sharedKeyOf(group, id);
}

/** Undefined if this account cannot read the key. */
export function sharedKeyOf(group: RawGroup, keyID: string): SharedKey | undefined {
  const secret = group.getReadKey(keyID as KeyID);
  return secret && { id: keyID, secret: new Uint8Array(base58.decode(secret.slice('keySecret_z'.length))) };
}
