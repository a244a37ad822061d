/**
 * WebAuthn with the PRF extension, as the kernel needs it. The real one wraps `@simplewebauthn/browser`;
 * errors are thrown as they come from there (name and cause kept) and are named by `session`.
 */
export interface Passkeys {
  /** Answers, never throws. */
  support(): Promise<{
    readonly webauthn: boolean;
    readonly prf: 'yes' | 'no' | 'unknown';
    readonly autofill: boolean;
  }>;
  create(request: PasskeyCreation): Promise<PasskeyResult>;
  get(request: PasskeyRequest): Promise<PasskeyResult>;
  /**
   * Tells whoever keeps the passkey that it opens nothing any more, so that it is no longer offered. Answers whether the
   * browser can pass that on (WebAuthn's Signal API); whether the keeper heeds it, nobody says. Never throws.
   */
  signalUnknown(passkey: { readonly rpID: string; readonly credentialID: string }): Promise<boolean>;
}

export interface PasskeyCreation {
  readonly rpID: string;
  readonly rpName: string;
  /** Random for each registration: the same one again would overwrite the passkey and change its PRF. */
  readonly userID: Uint8Array<ArrayBuffer>;
  readonly userName: string;
  readonly excludeCredentialIDs: readonly string[];
  readonly prfInput: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
}

export interface PasskeyRequest {
  readonly rpID: string;
  /** Empty: the person chooses among all discoverable passkeys of the relying party. */
  readonly allowCredentialIDs: readonly string[];
  /** Without a prompt, among the suggestions of an input field; may be pending as long as the page lives. Allows all. */
  readonly autofill?: boolean;
  readonly prfInput: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
}

export interface PasskeyResult {
  readonly credentialID: string;
  readonly userVerified: boolean;
  /** `prf`: the output was returned. `enabled`: the passkey has PRF, a `get` must evaluate it. `none`: no PRF. */
  readonly prf:
    | { readonly kind: 'output'; readonly output: Uint8Array<ArrayBuffer> }
    | { readonly kind: 'enabled' }
    | { readonly kind: 'none' };
}
