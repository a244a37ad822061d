import {
  base64URLStringToBuffer,
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  bufferToBase64URLString,
  startAuthentication,
  startRegistration,
  type AuthenticationExtensionsClientInputs,
  type AuthenticationExtensionsClientOutputs,
} from '@simplewebauthn/browser';
import { runCeremony } from './one-ceremony.ts';
import type { Passkeys, PasskeyResult } from './passkey-api.ts';

type PrfState = PasskeyResult['prf'];

/** The browser's passkeys. Only its methods access browser APIs. */
export function createWebAuthnPasskeys(): Passkeys {
  return {
    async support() {
      const webauthn = browserSupportsWebAuthn() && 'credentials' in navigator;
      if (!webauthn) return { webauthn, prf: 'no', autofill: false };
      const autofill = await browserSupportsWebAuthnAutofill().catch(() => false); // Treat failure as absence.
      return { webauthn, prf: await prfSupport(), autofill };
    },

    async create(request) {
      const response = await runCeremony(request.signal, () =>
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
        // Without authenticator data, nothing proves that the user was verified; a `get` always includes it.
        prf: authenticatorData === undefined && prf.kind === 'output' ? { kind: 'enabled' } : prf,
      };
    },

    async get(request) {
      const response = await runCeremony(request.signal, () =>
        startAuthentication({
          useBrowserAutofill: request.autofill === true,
          // The input may be added later, or be in a shadow root.
          verifyBrowserAutofillInput: false,
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

    async signalUnknown({ rpID, credentialID }) {
      if (!('PublicKeyCredential' in globalThis)) return false;
      if (!('signalUnknownCredential' in PublicKeyCredential)) return false;
      try {
        await PublicKeyCredential.signalUnknownCredential({ rpId: rpID, credentialId: credentialID });
        return true;
      } catch {
        return false; // Best effort: the app shows what to delete anyway.
      }
    },
  };
}

/** Never verified: a passkey is used only for its PRF output, which no server needs to see. */
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

/** Copies, so that the bytes can be wiped after use. */
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

/** SimpleWebAuthn's capability check leaves out extensions. */
async function prfSupport(): Promise<'yes' | 'no' | 'unknown'> {
  if (!('getClientCapabilities' in PublicKeyCredential)) return 'unknown';
  try {
    const capabilities: Readonly<Record<string, boolean | undefined>> =
      await PublicKeyCredential.getClientCapabilities();
    const prf = capabilities['extension:prf'];
    if (prf === undefined) return 'unknown';
    return prf ? 'yes' : 'no';
  } catch {
    return 'unknown'; // The ceremony will show whether the provider supports PRF.
  }
}
