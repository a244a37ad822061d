import { type PasskeyInfo, type PasskeysState } from '@MaiaOS/kernel';
import { dayWords } from './format-day.ts';

export function passkeyWords(
  { usableElsewhere, onThisDevice, createdAtMs }: PasskeyInfo,
  nowMs: number,
): { readonly state: string; readonly about: string } {
  return {
    state: usableElsewhere ? 'Usable elsewhere' : 'Not usable elsewhere yet',
    about: `${onThisDevice ? 'used here, ' : ''}added ${dayWords(createdAtMs, nowMs)}`,
  };
}

/** What a person has to know while the account depends on this device. Undefined where it does not, or nobody knows. */
export function reachWords({
  reach,
  passkeys,
}: PasskeysState): { readonly title: string; readonly text: string } | undefined {
  if (reach === 'nowhere') {
    return {
      title: 'This account exists only on this device',
      text: 'It has no passkey, and its recovery phrase was never shown. Add a passkey, or write the words down.',
    };
  }
  if (reach !== 'this-device') return undefined;
  return {
    title: 'This account exists only on this device so far',
    text:
      passkeys.length === 0
        ? 'The relay does not have it yet. Stay online until it does: then your recovery phrase opens it elsewhere.'
        : 'No passkey can open it elsewhere yet. Stay online until the relay has it, and check the passkey where the account page asks for it.',
  };
}
