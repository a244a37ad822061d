import type { RefusalCode } from '../../base/kernel-error.ts';

interface Refusal {
  readonly code: RefusalCode;
  /** For people. */
  readonly sentence: string;
}

/** Why the relay does not admit a session's content; the keys are also labels of a metric. */
export const contentRefusals = {
  clock: {
    code: 'clock',
    sentence:
      'This edit is dated more than 24 hours ahead of the relay’s clock. Correct the date and time of the device, then make the edit again.',
  },
  'other-place': {
    code: 'forbidden',
    sentence: 'This edit was signed for another CoValue or session, so this is a copy of it.',
  },
  'no-place': {
    code: 'forbidden',
    sentence:
      'This account was created by the kernel, but this edit does not name its CoValue and session, as the kernel’s edits do. Write with the kernel instead of a stock client.',
  },
  copy: {
    code: 'forbidden',
    sentence:
      'The relay already has the beginning of this session in another CoValue or session, so this is a copy of it.',
  },
  'no-id': {
    code: 'invalid',
    sentence:
      'This change of a group names as a member or parent what is not the ID of a CoValue. No version of the kernel writes this.',
  },
  'no-group': {
    code: 'forbidden',
    sentence: 'The owner of this CoValue is not a group, so no account can have a role in it.',
  },
  'no-role': {
    code: 'forbidden',
    sentence:
      'The author of this edit has never had a role in the group of the CoValue, as far as the relay knows. If they have one, connect a device that has the group’s latest changes first.',
  },
  'not-admin': {
    code: 'forbidden',
    sentence:
      'The author of this change has never been an admin or manager of the group, as far as the relay knows.',
  },
  // Without the operator's reason: whoever carries the edit reads this, too.
  blocked: {
    code: 'forbidden',
    sentence: 'The operator of this relay has blocked the author of this edit.',
  },
  // The same whether the relay has the CoValue or not.
  'not-authorized': {
    code: 'forbidden',
    sentence: 'This relay does not let this client send this CoValue, or load it or what it depends on.',
  },
  'taken-down': {
    code: 'forbidden',
    sentence: 'The operator of this relay has taken this CoValue down.',
  },
  quota: {
    code: 'quota',
    sentence:
      'The relay has no room left for content from the account of this device: its quota is used up. Deletions are still accepted.',
  },
  erased: {
    code: 'forbidden',
    sentence:
      'This CoValue was erased from the relay for good, with the account that it belonged to. The device keeps what it has of it.',
  },
  'erased-author': {
    code: 'forbidden',
    sentence:
      'The account that made this edit was erased from the relay for good. The device keeps the edit.',
  },
} as const satisfies Readonly<Record<string, Refusal>>;

/** Whether an operator has forbidden it, which may end. */
export function isByOperator(reason: RefusalReason): boolean {
  return reason === 'blocked' || reason === 'taken-down';
}

export type RefusalReason = keyof typeof contentRefusals;

/** Content of one session that was not admitted. */
export interface RefusedContent {
  readonly id: string;
  /** Empty if it is the CoValue as a whole. */
  readonly sessionID: string;
  /** How many of the session's transactions come before the refused ones. */
  readonly count: number;
  readonly reason: RefusalReason;
}
