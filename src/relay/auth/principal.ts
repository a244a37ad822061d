import type { RefusalCode } from '../../wire/frames.ts';

/** Who has signed in. */
export interface Principal {
  /** `lookup`: the agent of a passkey's entry, which may load that and nothing else. */
  readonly kind: 'account' | 'token' | 'lookup';
  /** The account's ID; for a token, its issuer and subject; for a lookup, the agent's ID. The same for each sign-in of the same user. */
  readonly id: string;
  /** When it ends, by the clock's `nowMs`. Undefined: with the connection. */
  readonly untilMs?: number;
  /** Of the token, if `authorize` needs them. */
  readonly claims?: object;
  /** The groups and accounts that a token lets its user list, besides those that everyone may. */
  readonly collections?: readonly string[];
  /** Of a token: when the identity server issued it. */
  readonly sinceMs?: number;
}

/** Of its ID, in characters: operators name it in what they block. */
export const maxPrincipalLength = 2_000;

/** Why a client was not let in. No field repeats anything of what it sent. */
export class SignInRefusal extends Error {
  readonly retryAfterMs: number | undefined;
  readonly isOurFault: boolean;

  constructor(
    readonly code: Extract<RefusalCode, 'unauthorized' | 'expired' | 'limit' | 'forbidden'>,
    reason: string,
    options: {
      /** Absent: the same token or proof would be refused again. */
      readonly retryAfterMs?: number;
      /** The client did nothing wrong now, so this does not count as a failed sign-in. */
      readonly isOurFault?: boolean;
    } = {},
  ) {
    super(reason);
    this.retryAfterMs = options.retryAfterMs;
    this.isOurFault = options.isOurFault ?? false;
  }
}
