import type {
  CreatedPasskey,
  PasskeyBackup,
  PasskeyCreation,
  PasskeyRequest,
  PasskeyResult,
  Passkeys,
} from '../../../src/platform/passkey-api.ts';

/** An authenticator in memory. Its PRF is real: a function of the credential and the input only. */
export interface FakePasskeys extends Passkeys {
  /** All requests, oldest first. */
  readonly ceremonies: readonly (PasskeyCreation | PasskeyRequest)[];
  /** Credentials that were signalled as unknown, and therefore deleted. */
  readonly signalled: readonly string[];
  /** The next ceremony rejects with this error. */
  failNext(error: Error): void;
  /** Keeps the next ceremony's prompt open until its signal aborts. */
  waitNext(): void;
}

export interface FakePasskeysOptions {
  /** A prefix of its credentials' IDs, to distinguish several providers. */
  readonly name?: string;
  /** When the PRF is evaluated. `on-get` authenticators return no value on create, like many real ones. */
  readonly prf?: 'on-create' | 'on-get' | 'none';
  readonly prfLength?: number;
  readonly userVerified?: boolean;
  /** 'synced' by default. `key`: a security key, which the user carries. `hidden`: creation reports no flags. */
  readonly kind?: 'synced' | 'unsynced' | 'bound' | 'key' | 'hidden';
  /** False: the browser has no Signal API. */
  readonly hasSignals?: boolean;
  readonly support?: Awaited<ReturnType<Passkeys['support']>>;
}

interface Credential {
  readonly id: string;
  readonly rpID: string;
}

export function createFakePasskeys(options: FakePasskeysOptions = {}): FakePasskeys {
  const {
    name = 'passkey',
    prf = 'on-create',
    prfLength = 32,
    userVerified = true,
    kind = 'synced',
    hasSignals = true,
  } = options;
  const { support = { webauthn: true, prf: 'yes', autofill: true, authenticator: 'yes' } } = options;
  const backup: PasskeyBackup = {
    isEligible: kind !== 'bound' && kind !== 'key',
    isBackedUp: kind === 'synced' || kind === 'hidden',
  };
  const credentials: Credential[] = [];
  const signalled: string[] = [];
  let madeCount = 0;
  const ceremonies: (PasskeyCreation | PasskeyRequest)[] = [];
  let failure: Error | undefined;
  let isWaiting = false;

  async function prompt(request: PasskeyCreation | PasskeyRequest): Promise<void> {
    ceremonies.push(request);
    if (isWaiting) {
      isWaiting = false;
      await new Promise((_, reject) => {
        request.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      });
    }
    const error = failure;
    failure = undefined;
    if (error) throw error;
  }

  async function evaluate(credential: Credential, input: Uint8Array): Promise<PasskeyResult['prf']> {
    const secret = new TextEncoder().encode(`${credential.rpID} ${credential.id} `);
    const bytes = new Uint8Array([...secret, ...input]);
    const output = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).slice(0, prfLength);
    return { kind: 'output', output };
  }

  return {
    ceremonies,
    signalled,
    failNext(error) {
      failure = error;
    },
    waitNext() {
      isWaiting = true;
    },
    support: () => Promise.resolve(support),
    signalUnknown({ credentialID }) {
      if (!hasSignals) return Promise.resolve(false);
      signalled.push(credentialID);
      const index = credentials.findIndex(({ id }) => id === credentialID);
      if (index >= 0) credentials.splice(index, 1);
      return Promise.resolve(true);
    },
    async create(request) {
      await prompt(request);
      if (credentials.some(({ id }) => request.excludeCredentialIDs.includes(id))) {
        throw new DOMException('The authenticator was previously registered', 'InvalidStateError');
      }
      const credential = { id: `${name}-${++madeCount}`, rpID: request.rpID };
      credentials.push(credential);
      const result: Omit<CreatedPasskey, 'prf'> = {
        credentialID: credential.id,
        userVerified,
        backup: kind === 'hidden' ? undefined : backup,
        transports: kind === 'key' ? ['nfc', 'usb'] : ['hybrid', 'internal'],
        aaguid: '00102030-4050-6070-8090-a0b0c0d0e0f0',
      };
      if (prf === 'on-create') return { ...result, prf: await evaluate(credential, request.prfInput) };
      return { ...result, prf: { kind: prf === 'none' ? 'none' : 'enabled' } };
    },
    async get(request) {
      await prompt(request);
      const { allowCredentialIDs: allowed, rpID } = request;
      const credential = credentials.findLast(
        ({ id, rpID: of }) => of === rpID && (allowed.length === 0 || allowed.includes(id)),
      );
      if (!credential)
        throw new DOMException('The operation either timed out or was not allowed.', 'NotAllowedError');
      const output: PasskeyResult['prf'] =
        prf === 'none' ? { kind: 'none' } : await evaluate(credential, request.prfInput);
      return { credentialID: credential.id, userVerified, backup, prf: output };
    },
  };
}
