import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { isRecord } from '../../base/record.ts';
import { parseJson } from '../../base/json.ts';
import { readParsed, type AuthFrame } from '../../wire/frames.ts';
import { SignInRefusal, type Principal } from '../auth/principal.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import type { BearerStore } from '../storage/bearer-store.ts';
import type { StorageIdentity } from '../database/schema.ts';
import { noLookups, StatelessRefusal } from './refusal.ts';

/** Nonces and tokens that count at all relays of a storage, because these share a secret. */
export interface RelayTokens {
  createNonce(): Promise<{ readonly nonce: string; readonly expiresInMs: number }>;
  /** Takes an account proof as the body of a request. Rejects with a `SignInRefusal` or a `StatelessRefusal`. */
  exchange(body: Buffer, methods: SignInMethods): Promise<{ token: string; expiresInMs: number }>;
  /** Rejects with a `SignInRefusal`. */
  verify(token: string): Promise<Principal>;
}

export interface RelayTokensOptions {
  readonly store: BearerStore;
  identity(): StorageIdentity;
  readonly clock: Pick<Clock, 'nowMs'>;
}

const nonceMs = 60_000;
const tokenMs = 600_000;
/** How far the clocks of two relays may differ. */
const toleranceMs = 30_000;
const prefix = 'maia1.';

/** Whether a text is meant as a token of a relay. */
export function isRelayToken(text: string): boolean {
  return text.startsWith(prefix);
}

export function createRelayTokens({ store, identity, clock }: RelayTokensOptions): RelayTokens {
  let known: { readonly name: string; readonly secret: string } | undefined;

  /** Of the epoch: in a database that went back, a nonce would not be marked as used. */
  async function signed(purpose: 'nonce' | 'token', text: string): Promise<string> {
    const { id, epoch } = identity();
    const name = `${id} ${epoch}`;
    if (known?.name !== name) known = { name, secret: await store.readSecret() };
    const mac = createHmac('sha256', known.secret).update(JSON.stringify([purpose, name, text]));
    return `${text}.${mac.digest('base64url')}`;
  }

  /** Returns what was signed, without its signature. */
  async function read(purpose: 'nonce' | 'token', text: string): Promise<string | undefined> {
    const signedText = text.slice(0, text.lastIndexOf('.'));
    const [is, should] = [Buffer.from(text), Buffer.from(await signed(purpose, signedText))];
    return is.length === should.length && timingSafeEqual(is, should) ? signedText : undefined;
  }

  const hasEnded = (untilMs: number) => untilMs + toleranceMs < clock.nowMs();

  return {
    async createNonce() {
      const untilMs = clock.nowMs() + nonceMs;
      const text = `${untilMs}.${randomBytes(16).toString('base64url')}`;
      return { nonce: await signed('nonce', text), expiresInMs: nonceMs };
    },
    async exchange(body, methods) {
      const frame = readProof(body);
      const { nonce } = frame.proof;
      const text = await read('nonce', nonce);
      if (text === undefined || hasEnded(Number.parseInt(text, 10)))
        throw refused('its nonce is not one of this relay, or has expired');
      const principal = await methods.verify(frame, nonce);
      if (principal.kind !== 'account') throw noLookups();
      if (!(await store.useNonce(nonce, nonceMs + 2 * toleranceMs)))
        throw refused('its nonce was used before');
      const claims = { accountID: principal.id, untilMs: clock.nowMs() + tokenMs };
      const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
      return { token: await signed('token', prefix + payload), expiresInMs: tokenMs };
    },
    async verify(token) {
      const text = await read('token', token);
      const claims = text && parseJson(Buffer.from(text.slice(prefix.length), 'base64url').toString('utf8'));
      if (!isRecord(claims)) throw new SignInRefusal('unauthorized', 'The token is not one of this relay.');
      const { accountID, untilMs } = claims;
      if (hasEnded(Number(untilMs)))
        throw new SignInRefusal('expired', 'The token has expired. Get a new one.');
      return { kind: 'account', id: String(accountID), untilMs: Number(untilMs) };
    },
  };
}

function readProof(body: Buffer): Extract<AuthFrame, { method: 'account' }> {
  const value = parseJson(body.toString('utf8'));
  if (isRecord(value)) {
    const { proof, agentID, signature, scope } = value;
    try {
      const read = readParsed({ maia: 'auth', method: 'account', proof, agentID, signature, scope });
      if (read.kind === 'maia' && read.frame.maia === 'auth' && read.frame.method === 'account')
        return read.frame;
    } catch {
      // Refused below, with nothing of what was sent.
    }
  }
  throw new StatelessRefusal('invalid', 'The body is not an account proof.');
}

function refused(why: string): SignInRefusal {
  return new SignInRefusal('unauthorized', `The account proof was refused: ${why}.`);
}
