import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { SignInRefusal } from './principal.ts';
import { readKeySet } from './read-key-set.ts';

export interface KeySourceOptions {
  /** A JSON Web Key Set, RFC 7517. */
  readonly url: URL;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fetch?: typeof fetch;
}

/** The keys are read again after this. */
const freshMs = 600_000;
/** While the identity server is down, its last keys count for this long. */
const staleMs = 86_400_000;
/** Anyone can name an unknown key. */
const askAgainMs = 30_000;

interface ReadKeys {
  readonly find: JWTVerifyGetKey;
  readonly atMs: number;
}

/** Finds the public key of a token at the identity server. Rejects with a `SignInRefusal`. */
export function createKeySource({ url, clock, logger, fetch = globalThis.fetch }: KeySourceOptions) {
  let keys: ReadKeys | undefined;
  let askedAtMs = -Infinity;
  let asking: Promise<void> | undefined;

  /** Never rejects. Requests at the same time share one read. */
  function ask(): Promise<void> {
    askedAtMs = clock.elapsedMs();
    asking ??= readKeySet(url, fetch)
      .then((set) => {
        keys = { find: createLocalJWKSet(set), atMs: clock.elapsedMs() };
      })
      .catch((error: unknown) =>
        logger.warn('Could not read the keys of the identity server', { host: url.host, error }),
      )
      .finally(() => (asking = undefined));
    return asking;
  }

  const ageMs = () => (keys ? clock.elapsedMs() - keys.atMs : Infinity);
  const waitMs = () => Math.max(0, askedAtMs + askAgainMs - clock.elapsedMs());

  async function askIfDue(): Promise<void> {
    if (asking) await asking;
    else if (waitMs() === 0) await ask();
  }

  const findKey: JWTVerifyGetKey = async (header, token) => {
    if (ageMs() > freshMs) await askIfDue();
    if (!keys || ageMs() > staleMs)
      throw new SignInRefusal(
        'unauthorized',
        'The relay cannot read the keys of the identity server. Try again in a moment.',
        { retryAfterMs: Math.max(1_000, waitMs()), isOurFault: true },
      );
    try {
      return await keys.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    await askIfDue();
    try {
      return await keys.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      throw new SignInRefusal(
        'unauthorized',
        'The token was signed with a key that the identity server does not publish. Get a new token.',
        { retryAfterMs: Math.max(1_000, waitMs()) },
      );
    }
  };
  return findKey;
}
