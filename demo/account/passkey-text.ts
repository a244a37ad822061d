import { type PasskeyInfo, type PasskeysState } from '@MaiaOS/kernel';
import { formatDay } from './format-day.ts';

export function passkeyText(
  { usableElsewhere, onThisDevice, createdAtMs }: PasskeyInfo,
  nowMs: number,
): { readonly state: string; readonly about: string } {
  return {
    state: usableElsewhere ? 'Usable elsewhere' : 'Not usable elsewhere yet',
    about: `${onThisDevice ? 'used here, ' : ''}added ${formatDay(createdAtMs, nowMs)}`,
  };
}

/** A warning while only this device can open the account. Undefined if others can, or if that is unknown. */
export function reachText({
  reach,
  passkeys,
}: PasskeysState): { readonly title: string; readonly text: string } | undefined {
  if (reach === 'nowhere') {
    return {
      title: 'This account exists only on this device',
      text: 'It has no passkey, and its recovery phrase was never shown. Add a passkey or write down the phrase.',
    };
  }
  if (reach !== 'this-device') return undefined;
  return {
    title: 'This account exists only on this device so far',
    text:
      passkeys.length === 0
        ? 'The relay does not have it yet. Stay online until it does; then your recovery phrase opens it elsewhere.'
        : 'No passkey can open it elsewhere yet. Stay online until the relay has it, and check your passkey if the account page asks you to.',
  };
}
