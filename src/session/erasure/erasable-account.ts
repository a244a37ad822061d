import type { LocalNode } from 'cojson';
import type { OpenAccount } from '../passkeys/prove-owner.ts';
import type { SignOut } from '../session.ts';

/** The open account that is to be erased. */
export interface ErasableAccount extends OpenAccount {
  readonly node: LocalNode;
  readonly signOut: SignOut;
}
