import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { isRecord, type JsonRecord } from '../../base/record.ts';
import { parseJson } from '../../base/json.ts';
import type { AuthFrame } from '../../wire/frames.ts';
import { SignInRefusal, type Principal } from '../auth/principal.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import type { BearerStore } from '../storage/bearer-store.ts';
import type { StorageIdentity } from '../database/schema.ts';
import { noLookups } from './refusal.ts';

/** Nonces, tokens and tickets that count at all relays of a storage, because these share a secret. */
export interface RelayTokens {
  createNonce(purpose?: NoncePurpose): Promise<{ readonly nonce: string; readonly expiresInMs: number }>;
  /** Rejects with a `SignInRefusal` unless it is a fresh nonce for that purpose, and was never used. */
  useErasureNonce(nonce: string): Promise<void>;
  /** Takes an account proof, with a nonce of this storage. Rejects with a `SignInRefusal` or a `StatelessRefusal`. */
  readonly exchange: (proof: AccountAuth, methods: SignInMethods) => Promise<Granted>;
  /** The same, for a ticket. */
  readonly exchangeForTicket: (proof: AccountAuth, methods: SignInMethods) => Promise<Granted>;
  /** For a principal whose token was verified, who names the account. */
  createTicket(principal: Principal, accountID: string): Promise<Granted>;
  /** Rejects with a `SignInRefusal`. */
  verify(token: string): Promise<Principal>;
  /** Rejects with a `SignInRefusal`. */
  verifyTicket(token: string): Promise<Ticket>;
}

/** `nonce`: to sign in. None serves for the other. */
export type NoncePurpose = 'nonce' | 'erasure-nonce';
export interface Granted {
  readonly token: string;
  readonly expiresInMs: number;
}

/** Permits nothing but pushes of what one account has signed, so that it does little harm in other hands. */
export interface Ticket {
  readonly principal: Principal;
  readonly accountID: string;
}

export type AccountAuth = Extract<AuthFrame, { method: 'account' }>;

export interface RelayTokensOptions {
  readonly store: BearerStore;
  identity(): StorageIdentity;
  readonly clock: Pick<Clock, 'nowMs'>;
}

const nonceMs = 60_000;
const tokenMs = 600_000;
/** A device may be offline overnight after its last tab was closed. */
const ticketMs = 24 * 60 * 60_000;
/** How far the clocks of two relays may differ. */
const toleranceMs = 30_000;
const prefix = 'maia1.';
const ticketPrefix = 'maia1-push.';
const prefixes = { token: prefix, ticket: ticketPrefix } as const;
type Granting = keyof typeof prefixes;
type Purpose = Granting | NoncePurpose;

/** Whether a text is meant as a token of a relay. */
export function isRelayToken(text: string): boolean {
  return text.startsWith(prefix);
}

/** Whether a text is meant as a ticket. */
export function isTicket(text: string): boolean {
  return text.startsWith(ticketPrefix);
}

export function createRelayTokens({ store, identity, clock }: RelayTokensOptions): RelayTokens {
  let known: { readonly name: string; readonly secret: string } | undefined;

  /** Of the epoch: in a database that went back, a nonce would not be marked as used. */
  async function signed(purpose: Purpose, text: string): Promise<string> {
    const { id, epoch } = identity();
    const name = `${id} ${epoch}`;
    if (known?.name !== name) known = { name, secret: await store.readSecret() };
    const mac = createHmac('sha256', known.secret).update(JSON.stringify([purpose, name, text]));
    return `${text}.${mac.digest('base64url')}`;
  }

  /** Returns what was signed, without its signature. */
  async function read(purpose: Purpose, text: string): Promise<string | undefined> {
    const signedText = text.slice(0, text.lastIndexOf('.'));
    const [is, should] = [Buffer.from(text), Buffer.from(await signed(purpose, signedText))];
    return is.length === should.length && timingSafeEqual(is, should) ? signedText : undefined;
  }

  async function checkNonce(purpose: NoncePurpose, nonce: string): Promise<void> {
    const text = await read(purpose, nonce);
    if (text === undefined || hasEnded(Number.parseInt(text, 10)))
      throw refused('its nonce is not one of this relay, or has expired');
  }

  async function useNonce(nonce: string): Promise<void> {
    if (!(await store.useNonce(nonce, nonceMs + 2 * toleranceMs))) throw refused('its nonce was used before');
  }

  const hasEnded = (untilMs: number) => untilMs + toleranceMs < clock.nowMs();

  async function grant(purpose: Granting, claims: JsonRecord, forMs: number): Promise<Granted> {
    const text = JSON.stringify({ ...claims, untilMs: clock.nowMs() + forMs });
    const payload = Buffer.from(text).toString('base64url');
    return { token: await signed(purpose, prefixes[purpose] + payload), expiresInMs: forMs };
  }

  async function readClaims(purpose: Granting, token: string): Promise<JsonRecord & { untilMs: number }> {
    const text = await read(purpose, token);
    const payload = text?.slice(prefixes[purpose].length);
    const claims = payload && parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
    if (!isRecord(claims)) throw new SignInRefusal('unauthorized', 'The token is not one of this relay.');
    const untilMs = Number(claims['untilMs']);
    if (hasEnded(untilMs)) throw new SignInRefusal('expired', 'The token has expired. Get a new one.');
    return { ...claims, untilMs };
  }

  return {
    async createNonce(purpose = 'nonce') {
      const untilMs = clock.nowMs() + nonceMs;
      const text = `${untilMs}.${randomBytes(16).toString('base64url')}`;
      return { nonce: await signed(purpose, text), expiresInMs: nonceMs };
    },
    async useErasureNonce(nonce) {
      await checkNonce('erasure-nonce', nonce);
      await useNonce(nonce);
    },
    async exchange(frame, methods) {
      const principal = await prove(frame, methods);
      return grant('token', { accountID: principal.id }, tokenMs);
    },
    async exchangeForTicket(frame, methods) {
      const { id, kind } = await prove(frame, methods);
      return grant('ticket', { kind, id, accountID: id }, ticketMs);
    },
    createTicket: ({ kind, id, claims }, accountID) =>
      grant('ticket', { kind, id, accountID, ...(claims && { claims }) }, ticketMs),
    async verify(token) {
      const { accountID, untilMs } = await readClaims('token', token);
      return { kind: 'account', id: String(accountID), untilMs };
    },
    async verifyTicket(token) {
      const { kind, id, accountID, claims, untilMs } = await readClaims('ticket', token);
      return {
        principal: {
          kind: kind === 'token' ? kind : 'account',
          id: String(id),
          untilMs,
          ...(isRecord(claims) && { claims: Object.freeze(claims) }),
        },
        accountID: String(accountID),
      };
    },
  };

  /** Uses up the proof's nonce. */
  async function prove(frame: AccountAuth, methods: SignInMethods): Promise<Principal> {
    const { nonce } = frame.proof;
    await checkNonce('nonce', nonce);
    const principal = await methods.verify(frame, nonce);
    if (principal.kind !== 'account') throw noLookups();
    await useNonce(nonce);
    return principal;
  }
}

function refused(why: string): SignInRefusal {
  return new SignInRefusal('unauthorized', `The account proof was refused: ${why}.`);
}
