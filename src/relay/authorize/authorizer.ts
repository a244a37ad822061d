import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Principal } from '../auth/principal.ts';
import { askWithin, type AskOptions, type AuthorizeRequest } from './ask-within.ts';
import { createKeptAnswers } from './kept-answers.ts';

export type AuthorizedAction = AuthorizeRequest['action'];

/** Decides with the operator's `authorize` what clients may load and send. */
export interface Authorizer {
  /** `principal`: undefined if clients need not sign in. `appID`: undefined in the default namespace. */
  rightsOf(principal: Principal | undefined, appID: string | undefined): Rights;
}

/** Of one user, on one connection or in one request. */
export interface Rights {
  /** Whether a yes is kept. */
  has(id: string, action: AuthorizedAction): boolean;
  /** A promise unless the answer is known at once. It never rejects. */
  decide(id: string, action: AuthorizedAction): boolean | Promise<boolean>;
  /** The client has gone: what was not asked yet is not asked any more, and counts as no. */
  close(): void;
}

export interface AuthorizerOptions extends Omit<AskOptions, 'failed'> {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Of one connection or request. */
export const maxConcurrentQuestions = 32;
/** More than one message can need. Beyond it, the answer is no. */
const maxWaiting = 10_000;
const logIntervalMs = 60_000;
/** More users than are connected. */
const maxUsers = 20_000;

export function createAuthorizer({ logger, ...options }: AuthorizerOptions): Authorizer {
  const { clock } = options;
  const kept = createKeptAnswers(clock);
  const pending = new Map<string, Promise<boolean>>();
  const numbers = new Map<string, number>();
  let users = 0;
  let failures = 0;
  let loggedAtMs = -Infinity;

  /** Without the message of an error, which may have IDs in it. */
  function failed(reason: string): void {
    failures++;
    if (clock.elapsedMs() - loggedAtMs < logIntervalMs) return;
    loggedAtMs = clock.elapsedMs();
    logger.warn('`authorize` did not answer with true or false, which counts as no', { reason, failures });
    failures = 0;
  }

  /** Claims may grant rights, so another token of the same user is asked for anew. */
  function numberOf(principal: Principal | undefined, appID: string | undefined): number {
    const { kind, id, claims } = principal ?? {};
    // Claims may be long.
    const name = createHash('sha256')
      .update(JSON.stringify([appID, kind, id, claims]))
      .digest('base64');
    if (numbers.size >= maxUsers) numbers.clear();
    const number = numbers.get(name) ?? users++;
    numbers.set(name, number);
    return number;
  }

  function rightsOf(principal: Principal | undefined, appID: string | undefined): Rights {
    const user = numberOf(principal, appID);
    const line: (() => void)[] = [];
    let asked = 0;
    let isClosed = false;
    const keyOf = (id: string, action: AuthorizedAction) => `${user} ${action} ${id}`;

    function decide(id: string, action: AuthorizedAction): boolean | Promise<boolean> {
      const key = keyOf(id, action);
      const known = kept.find(key) ?? pending.get(key);
      if (known !== undefined) return known;
      if (isClosed || line.length >= maxWaiting) return false;
      if (asked >= maxConcurrentQuestions)
        return new Promise((resolve) => line.push(() => resolve(decide(id, action))));
      const answer = ask(key, {
        ...(principal?.kind === 'account' && { accountID: principal.id }),
        ...(principal?.claims && { claims: principal.claims }),
        ...{ id, action },
        ...(appID !== undefined && { appID }),
      });
      if (typeof answer === 'boolean') return answer;
      asked++;
      pending.set(key, answer);
      void answer.then(() => {
        asked--;
        pending.delete(key);
        while (asked < maxConcurrentQuestions && line.length > 0) line.shift()?.();
      });
      return answer;
    }

    function ask(key: string, request: AuthorizeRequest): boolean | Promise<boolean> {
      const askedAtMs = clock.elapsedMs();
      return askWithin(request, { ...options, failed }, (answer) => kept.keep(key, answer, askedAtMs));
    }

    return {
      has: (id, action) => kept.find(keyOf(id, action)) === true,
      decide,
      close() {
        isClosed = true;
        for (const goOn of line.splice(0)) goOn();
      },
    };
  }

  return { rightsOf };
}
