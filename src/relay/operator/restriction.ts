/** What an operator has forbidden: an account or a principal is blocked, a CoValue is taken down. */
export interface Restriction extends RestrictedTarget {
  /** For people. Blocked clients read it. */
  readonly reason: string;
  /** When it ends, in ms since the Unix epoch; 0 if only the operator ends it. */
  readonly untilMs: number;
  readonly sinceMs: number;
}

/** Why someone may not come in. */
export interface Block extends Pick<Restriction, 'reason' | 'untilMs'> {
  /** The account was erased at the person's request. */
  readonly isErased?: boolean;
}

export interface RestrictedTarget {
  readonly kind: 'account' | 'principal' | 'covalue';
  /** Of a principal that is no account: as in `Principal`. */
  readonly id: string;
}

/** They stay in the memory of each relay. */
export const maxRestrictions = 10_000;
