import type { RefusalCode } from '../../wire/frames.ts';
import type { Principal } from '../auth/principal.ts';
import { refusalOf } from './refuse-blocked.ts';
import { createRestrictions, type Restrictions, type RestrictionsOptions } from './restrictions.ts';

/** What is needed of a client's connection. */
export interface RestrictedConnection {
  user(): Principal | undefined;
  /** Whether the client lacks something, or could not send something, that an operator has forbidden. */
  isRestricted(): boolean;
  refuse(code: RefusalCode, reason: string, retryAfterMs: number): void;
}

const reconnectMs = 1_000;

/** Disconnects the clients that a change of what operators have forbidden concerns. */
export function enforceRestrictions({
  connections,
  changed,
  applied,
  ...options
}: Omit<RestrictionsOptions, 'on'> & {
  readonly connections: ReadonlyMap<string, RestrictedConnection>;
  changed(): void;
  /** Some came into force or ended. */
  applied(): void;
}): Restrictions {
  const restrictions: Restrictions = createRestrictions({ ...options, on: { began, ended, changed } });

  function began(): void {
    for (const connection of connections.values()) {
      const user = connection.user();
      const block = user && restrictions.blockOf(user);
      if (!block) continue;
      const { reason, retryAfterMs } = refusalOf(block, options.clock.nowMs());
      connection.refuse('forbidden', reason, retryAfterMs);
    }
    applied();
  }

  /** A new connection compares everything, so that the client sends and loads what was refused to it. */
  function ended(): void {
    for (const connection of connections.values())
      if (connection.isRestricted())
        connection.refuse(
          'storage',
          'The operator of this relay allows again what was refused to this client.',
          reconnectMs,
        );
    applied();
  }

  return restrictions;
}
