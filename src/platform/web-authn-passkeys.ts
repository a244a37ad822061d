import {
  base64URLStringToBuffer,
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  bufferToBase64URLString,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
  type AuthenticationExtensionsClientInputs,
  type AuthenticationExtensionsClientOutputs,
} from '@simplewebauthn/browser';
import type { Passkeys, PasskeyResult } from './passkeys.ts';

type PrfState = PasskeyResult['prf'];

/** The browser's passkeys. Touches nothing of the browser before it is asked something. */
export function createWebAuthnPasskeys(): Passkeys {
  return {
    async support() {
      const webauthn = browserSupportsWebAuthn() && 'credentials' in navigator;
      if (!webauthn) return { webauthn, prf: 'no', autofill: false };
      const autofill = await browserSupportsWebAuthnAutofill().catch(() => false); // Then it is as good as absent.
      return { webauthn, prf: await prfSupport(), autofill };
    },

    async create(request) {
      const response = await abortable(request.signal, () =>
        startRegistration({
          optionsJSON: {
            rp: { id: request.rpID, name: request.rpName },
            user: {
              id: bufferToBase64URLString(request.userID.buffer),
              name: request.userName,
              displayName: request.userName,
            },
            challenge: newChallenge(),
            pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
            excludeCredentials: request.excludeCredentialIDs.map(toDescriptor),
            authenticatorSelection: {
              residentKey: 'required',
              requireResidentKey: true,
              userVerification: 'required',
            },
            attestation: 'none',
            extensions: prfExtension(request.prfInput),
          },
        }),
      );
      const { authenticatorData } = response.response;
      const prf = readPrf(response.clientExtensionResults);
      return {
        credentialID: response.id,
        userVerified: authenticatorData !== undefined && hasUserVerifiedFlag(authenticatorData),
        // Without authenticator data nothing shows that the person was verified; a `get` always brings it.
        prf: authenticatorData === undefined && prf.kind === 'output' ? { kind: 'enabled' } : prf,
      };
    },

    async get(request) {
      const response = await abortable(request.signal, () =>
        startAuthentication({
          optionsJSON: {
            rpId: request.rpID,
            challenge: newChallenge(),
            allowCredentials: request.allowCredentialIDs.map(toDescriptor),
            userVerification: 'required',
            extensions: prfExtension(request.prfInput),
          },
        }),
      );
      return {
        credentialID: response.id,
        userVerified: hasUserVerifiedFlag(response.response.authenticatorData),
        prf: readPrf(response.clientExtensionResults),
      };
    },
  };
}

/** SimpleWebAuthn runs one ceremony at a time in the page, and takes no signal. */
async function abortable<T>(signal: AbortSignal | undefined, ceremony: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const running = ceremony();
  const cancel = () => WebAuthnAbortService.cancelCeremony();
  signal?.addEventListener('abort', cancel);
  try {
    return await running;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** Nobody checks the signature: a passkey is used for its PRF only, which no server has to see. */
function newChallenge(): string {
  return bufferToBase64URLString(crypto.getRandomValues(new Uint8Array(32)).buffer);
}

function toDescriptor(id: string) {
  return { id, type: 'public-key' as const };
}

function prfExtension(input: Uint8Array<ArrayBuffer>): AuthenticationExtensionsClientInputs {
  return { prf: { eval: { first: input } } };
}

function readPrf({ prf }: AuthenticationExtensionsClientOutputs): PrfState {
  const first = prf?.results?.first;
  if (first !== undefined) return { kind: 'output', output: toBytes(first) };
  return prf?.enabled === true ? { kind: 'enabled' } : { kind: 'none' };
}

/** A copy, so that it can be overwritten after use. */
function toBytes(source: ArrayBufferView | ArrayBufferLike): Uint8Array<ArrayBuffer> {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(new Uint8Array(source.buffer, source.byteOffset, source.byteLength))
    : new Uint8Array(new Uint8Array(source));
}

/** WebAuthn, "Authenticator Data": 32 bytes of hash, then the flags, in which bit 2 is "user verified". */
function hasUserVerifiedFlag(authenticatorData: string): boolean {
  const flags = new Uint8Array(base64URLStringToBuffer(authenticatorData))[32] ?? 0;
  return (flags & 0b100) !== 0;
}

/** SimpleWebAuthn's own reading of the capabilities leaves extensions out. */
async function prfSupport(): Promise<'yes' | 'no' | 'unknown'> {
  if (!('getClientCapabilities' in PublicKeyCredential)) return 'unknown';
  try {
    const capabilities: Readonly<Record<string, boolean | undefined>> =
      await PublicKeyCredential.getClientCapabilities();
    const prf = capabilities['extension:prf'];
    if (prf === undefined) return 'unknown';
    return prf ? 'yes' : 'no';
  } catch {
    return 'unknown'; // The ceremony itself will tell.
  }
}
