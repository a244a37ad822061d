import { SignInRefusal, type Principal } from '../auth/principal.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import type { Block } from './restriction.ts';
import type { Restrictions } from './restrictions.ts';

/** The client finds out this late that it is no longer blocked. */
const retryAfterMs = 60_000;
const minRetryMs = 1_000;

/** How a blocked client is refused. */
export interface BlockRefusal {
  readonly reason: string;
  readonly retryAfterMs: number;
}

export function refusalOf({ reason, untilMs, isErased }: Block, nowMs: number): BlockRefusal {
  const leftMs = untilMs === 0 ? retryAfterMs : untilMs - nowMs;
  return {
    reason: isErased ? reason : `The operator of this relay has blocked this account: ${reason}`,
    retryAfterMs: Math.min(retryAfterMs, Math.max(minRetryMs, leftMs)),
  };
}

/** Signing in as before, except that blocked accounts and principals are refused. */
export function refuseBlocked(
  { names, verify }: SignInMethods,
  restrictions: Pick<Restrictions, 'blockOf'>,
  nowMs: () => number,
): SignInMethods {
  return {
    names,
    async verify(frame, nonce) {
      const principal = await verify(frame, nonce);
      checkBlock(principal, restrictions, nowMs());
      return principal;
    },
  };
}

/** Throws a `SignInRefusal` if the principal is blocked. */
export function checkBlock(
  principal: Principal,
  restrictions: Pick<Restrictions, 'blockOf'>,
  nowMs: number,
): void {
  const block = restrictions.blockOf(principal);
  if (!block) return;
  const { reason, retryAfterMs } = refusalOf(block, nowMs);
  throw new SignInRefusal('forbidden', reason, { retryAfterMs, isOurFault: true });
}
