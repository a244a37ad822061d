import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  bufferToBase64URLString,
  platformAuthenticatorIsAvailable,
  startAuthentication,
  startRegistration,
  type AuthenticationExtensionsClientInputs,
  type AuthenticationExtensionsClientOutputs,
} from '@simplewebauthn/browser';
import { runCeremony } from './one-ceremony.ts';
import { readAuthenticatorData } from './authenticator-data.ts';
import type { Passkeys, PasskeyResult } from './passkey-api.ts';

type PrfState = PasskeyResult['prf'];

/** The browser's passkeys. Only its methods access browser APIs. */
export function createWebAuthnPasskeys(): Passkeys {
  return {
    async support() {
      const webauthn = browserSupportsWebAuthn() && 'credentials' in navigator;
      if (!webauthn) return { webauthn, prf: 'no', autofill: false, authenticator: 'no' };
      const isAbsent = () => false;
      const [autofill, hasOwn, capabilities] = await Promise.all([
        browserSupportsWebAuthnAutofill().catch(isAbsent),
        platformAuthenticatorIsAvailable().catch(isAbsent),
        clientCapabilities(),
      ]);
      const { hybridTransport: phone, 'extension:prf': prf } = capabilities;
      return { webauthn, prf: answerOf(prf), autofill, authenticator: hasOwn ? 'yes' : answerOf(phone) };
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
      const { authenticatorData, transports = [] } = response.response;
      const read = authenticatorData === undefined ? undefined : readAuthenticatorData(authenticatorData);
      const prf = readPrf(response.clientExtensionResults);
      return {
        credentialID: response.id,
        userVerified: read?.userVerified === true,
        backup: read?.backup,
        transports,
        aaguid: read?.aaguid,
        // Without authenticator data, nothing proves that the user was verified; a `get` always includes it.
        prf: read === undefined && prf.kind === 'output' ? { kind: 'enabled' } : prf,
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
      const { userVerified, backup } = readAuthenticatorData(response.response.authenticatorData);
      return {
        credentialID: response.id,
        userVerified,
        backup,
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

/** SimpleWebAuthn's capability check leaves out extensions. Empty if the browser reports nothing. */
async function clientCapabilities(): Promise<Readonly<Record<string, boolean | undefined>>> {
  if (!('getClientCapabilities' in PublicKeyCredential)) return {};
  try {
    return await PublicKeyCredential.getClientCapabilities();
  } catch {
    return {}; // The ceremony will show what the provider supports.
  }
}

function answerOf(capability: boolean | undefined): 'yes' | 'no' | 'unknown' {
  if (capability === undefined) return 'unknown';
  return capability ? 'yes' : 'no';
}
