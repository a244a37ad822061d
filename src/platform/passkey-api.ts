/** WebAuthn with the PRF extension. Passes on the errors of `@simplewebauthn/browser` unchanged; `session` maps them. */
export interface Passkeys {
  /** Never rejects. */
  support(): Promise<{
    readonly webauthn: boolean;
    readonly prf: 'yes' | 'no' | 'unknown';
    readonly autofill: boolean;
    /** Whether the device itself, or a phone by Bluetooth, can answer a prompt. A security key is never reported. */
    readonly authenticator: 'yes' | 'no' | 'unknown';
  }>;
  create(request: PasskeyCreation): Promise<CreatedPasskey>;
  get(request: PasskeyRequest): Promise<PasskeyResult>;
  /** Asks the provider (Signal API) to drop the passkey. Resolves to false if unsupported or failed; never rejects. */
  signalUnknown(passkey: { readonly rpID: string; readonly credentialID: string }): Promise<boolean>;
}

export interface PasskeyCreation {
  readonly rpID: string;
  readonly rpName: string;
  /** Random for each registration: reusing one would overwrite the passkey and change its PRF output. */
  readonly userID: Uint8Array<ArrayBuffer>;
  readonly userName: string;
  readonly excludeCredentialIDs: readonly string[];
  readonly prfInput: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
}

export interface PasskeyRequest {
  readonly rpID: string;
  /** Empty: the user chooses among all discoverable passkeys of the relying party. */
  readonly allowCredentialIDs: readonly string[];
  /** Offers passkeys in an input field's autofill instead of a prompt. May stay pending for the page's lifetime. */
  readonly autofill?: boolean;
  readonly prfInput: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
}

/** Flags of the authenticator data: BE, which never changes, and BS, which may. A backed-up passkey is eligible. */
export type PasskeyBackup = { readonly isEligible: boolean; readonly isBackedUp: boolean };

export interface PasskeyResult {
  readonly credentialID: string;
  readonly userVerified: boolean;
  /** Undefined if the browser returned no authenticator data at creation. */
  readonly backup: PasskeyBackup | undefined;
  /** `output`: PRF was evaluated. `enabled`: the passkey has PRF, but only a `get` evaluates it. `none`: no PRF. */
  readonly prf:
    | { readonly kind: 'output'; readonly output: Uint8Array<ArrayBuffer> }
    | { readonly kind: 'enabled' }
    | { readonly kind: 'none' };
}

export interface CreatedPasskey extends PasskeyResult {
  /** How a browser reaches the authenticator, such as `internal`, `hybrid` or `usb`. Empty if it does not say. */
  readonly transports: readonly string[];
  /** The authenticator's model, as a UUID. Undefined if the browser withholds it. */
  readonly aaguid: string | undefined;
}
