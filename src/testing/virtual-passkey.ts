import { createKernelError } from '../base/kernel-error.ts';
import { isRecord } from '../base/record.ts';

/** Sends a command of the Chrome DevTools Protocol to a page. Declared as a method, so that a `send` with narrower types fits. */
export type SendCommand = { send(method: string, parameters?: object): Promise<unknown> }['send'];

export interface VirtualPasskeyOptions {
  /** Whether it supports PRF, which opens an account. Default: true. */
  readonly prf?: boolean;
}

/** A device for passkeys that Chromium simulates, with the passkeys on it. */
export interface VirtualPasskey {
  /** Removes the device, and the passkeys on it. Safe to call twice. */
  remove(): Promise<void>;
}

/**
 * Lets Chromium answer the page's passkey prompts at once, as if a user confirmed each. Add one before the page opens a prompt;
 * with two, Chromium asks both. `send` is that of Playwright's or Puppeteer's CDP session of the page, bound to it.
 *
 * Rejects with PASSKEY_UNSUPPORTED if `send` is no function, fails, or does not answer like Chromium.
 */
export async function addVirtualPasskey(
  send: SendCommand,
  { prf = true }: VirtualPasskeyOptions = {},
): Promise<VirtualPasskey> {
  const authenticatorId = await addAuthenticator(send, { hasPrf: prf });
  let removing: Promise<unknown> | undefined;
  return {
    async remove() {
      removing ??= send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
      await removing;
    },
  };
}

/** The options of `WebAuthn.addVirtualAuthenticator`. */
const backedUpPhone = {
  protocol: 'ctap2',
  ctap2Version: 'ctap2_1',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
  hasPrf: true,
  hasHmacSecret: false,
  defaultBackupEligibility: true,
  defaultBackupState: true,
};

/** Resolves with its ID. */
export async function addAuthenticator(
  send: SendCommand,
  changes: Partial<typeof backedUpPhone> = {},
): Promise<string> {
  let added: unknown;
  try {
    await send('WebAuthn.enable');
    added = await send('WebAuthn.addVirtualAuthenticator', { options: { ...backedUpPhone, ...changes } });
  } catch (cause) {
    throw notCdp(cause);
  }
  if (!isRecord(added) || typeof added['authenticatorId'] !== 'string') throw notCdp();
  return added['authenticatorId'];
}

function notCdp(cause?: unknown) {
  return createKernelError(
    'PASSKEY_UNSUPPORTED',
    '`send` could not add a passkey, because it does not send commands of the Chrome DevTools Protocol to a page in Chromium. Create a CDP session of the page, and pass `session.send.bind(session)`.',
    cause === undefined ? {} : { cause },
  );
}
