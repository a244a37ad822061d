import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import { SignInRefusal, type Principal } from '../auth/principal.ts';
import { lookupMs, lookupRetryMs } from './answers/agent-lookup.ts';
import type { AuthDemand, AuthFrame, RefusalCode, WelcomeFrame } from '../../wire/frames.ts';

export interface SignInOptions {
  readonly methods: SignInMethods;
  readonly withinMs: number;
  readonly clock: Pick<Clock, 'after' | 'nowMs'>;
  /** Resolves with what the principal may store, before the client is in. Undefined if that is not limited. */
  enter(principal: Principal): Promise<WelcomeFrame['quota']>;
  welcome(frame: WelcomeFrame): void;
  /** Counts a lookup of this address. Returns the reason for refusing it; undefined if it is allowed. */
  countLookup(): string | undefined;
  /** The client is not in, but may look up what this agent has. */
  lookUp(agentID: string): void;
  /** The client is in, for the first time. */
  entered(): void;
  /** Disconnects the client. */
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
  /** Refuses a renewal; what was granted before goes on until its end. */
  notify(code: RefusalCode, reason: string, retryAfterMs?: number): void;
  /** The client sent a token or a proof that does not count. */
  failed(): void;
}

/** More than a client sends before it is in. */
export const maxBytesBeforeSignIn = 20_000;
/** A client renews in time; its clock and its network may be slow. */
const graceMs = 30_000;
/** For a client that may come in again at once. */
const reconnectMs = 1_000;

/** One client's sign-in and its renewals. */
export class SignIn {
  private nonce = newNonce();
  private principal: Principal | undefined;
  private isVerifying = false;
  private isClosed = false;
  private cancelEnd: () => void;

  constructor(private readonly options: SignInOptions) {
    const { clock, withinMs, refuse } = options;
    this.cancelEnd = clock.after(withinMs, () => {
      if (!this.isVerifying)
        refuse('unauthorized', `This client did not sign in within ${withinMs} ms.`, reconnectMs);
    });
  }

  demand(): AuthDemand {
    const { methods, withinMs } = this.options;
    return { nonce: this.nonce, methods: methods.names, withinMs };
  }

  /** Whether the client is in. */
  isDone(): boolean {
    return this.principal !== undefined && this.principal.kind !== 'lookup';
  }

  /** Undefined until the client is in. */
  user(): Principal | undefined {
    return this.principal;
  }

  /** True while nothing else may be read from the client. */
  isPending(): boolean {
    return this.isVerifying && !this.isDone();
  }

  async take(frame: AuthFrame): Promise<void> {
    if (this.isVerifying || this.isClosed) return;
    const { methods, enter } = this.options;
    this.isVerifying = true;
    try {
      const principal = await methods.verify(frame, this.nonce);
      const quota = principal.kind === 'lookup' || this.isClosed ? undefined : await enter(principal);
      this.isVerifying = false;
      if (!this.isClosed) this.grant(principal, quota);
    } catch (error) {
      this.isVerifying = false;
      if (!this.isClosed) this.fail(error);
    }
  }

  close(): void {
    this.isClosed = true;
    this.cancelEnd();
  }

  private grant(principal: Principal, quota: WelcomeFrame['quota']): void {
    const { clock, welcome, countLookup, lookUp, entered, refuse } = this.options;
    const wasDone = this.isDone();
    if (!this.mayBecome(principal))
      return refuse('unauthorized', 'Another user signed in on this connection. Connect again.', reconnectMs);
    const { kind, id, untilMs } = principal;
    const refusal = kind === 'lookup' ? countLookup() : undefined;
    if (refusal !== undefined) return refuse('limit', refusal, lookupRetryMs);
    this.principal = principal;
    // One nonce serves for one proof. After a proof that failed, another one may follow.
    this.nonce = newNonce();
    this.cancelEnd();
    if (kind === 'lookup')
      this.cancelEnd = clock.after(lookupMs, () =>
        refuse('expired', `A lookup ends after ${lookupMs} ms. Connect again.`, reconnectMs),
      );
    const expiresInMs = untilMs === undefined ? undefined : Math.max(1, untilMs - clock.nowMs());
    if (expiresInMs !== undefined)
      this.cancelEnd = clock.after(expiresInMs + graceMs, () =>
        refuse('expired', 'The sign-in has expired. Sign in again.', reconnectMs),
      );
    welcome({
      ...{ maia: 'welcome', principal: kind, nonce: this.nonce },
      ...(kind === 'account' && { accountID: id }),
      ...(expiresInMs !== undefined && { expiresInMs }),
      ...(quota && { quota }),
    });
    if (kind === 'lookup') lookUp(id);
    else if (!wasDone) entered();
  }

  /** Who has found its account in a lookup may sign in as that account, once. */
  private mayBecome({ kind, id }: Principal): boolean {
    const { principal } = this;
    if (principal?.kind === 'lookup') return kind === 'account';
    return !principal || (principal.kind === kind && principal.id === id);
  }

  private fail(error: unknown): void {
    const { refuse, notify, failed } = this.options;
    const isRefusal = error instanceof SignInRefusal;
    if (!this.isDone() && !(isRefusal && error.isOurFault)) failed();
    const end = this.isDone() ? notify : refuse;
    if (isRefusal) end(error.code, error.message, error.retryAfterMs);
    else end('unauthorized', 'The relay could not verify the sign-in.', 1_000);
  }
}

function newNonce(): string {
  return randomBytes(32).toString('base64url');
}
