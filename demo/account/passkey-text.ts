import { type PasskeyInfo, type PasskeysState } from '@MaiaOS/kernel';
import { formatDay } from './format-day.ts';

export function passkeyText(
  { usableElsewhere, portable, onThisDevice, createdAtMs }: PasskeyInfo,
  nowMs: number,
): { readonly state: string; readonly about: string } {
  const reason = portable === 'no' ? 'Only on the device that created it' : 'Not usable elsewhere yet';
  return {
    state: usableElsewhere ? 'Usable elsewhere' : reason,
    about: `${onThisDevice ? 'used here, ' : ''}added ${formatDay(createdAtMs, nowMs)}`,
  };
}

/** A warning while only this device can open the account. Undefined if others can, or if that is unknown. */
export function reachText({
  reach,
  passkeys,
  phraseKept,
}: PasskeysState): { readonly title: string; readonly text: string } | undefined {
  if (reach === 'nowhere') {
    return {
      title: 'This account exists only on this device',
      text: 'It has no passkey, and its recovery phrase was never shown. Add a passkey or write down the phrase.',
    };
  }
  if (reach !== 'this-device') return undefined;
  return { title: 'This account exists only on this device so far', text: reachAdvice() };

  function reachAdvice(): string {
    if (phraseKept) {
      return 'The relay does not have it yet. Stay online until it does; then your recovery phrase opens it elsewhere.';
    }
    if (passkeys.length === 0) {
      return 'You have not checked your recovery phrase yet. Write the words down and check them on the account page, or add a passkey.';
    }
    if (passkeys.every(({ portable }) => portable === 'no')) {
      return 'Its passkeys exist only on the devices that created them. Add another passkey that is synced, or write down and check the recovery phrase.';
    }
    return 'No passkey can open it elsewhere yet. Stay online until the relay has it, and check your passkey if the account page asks you to.';
  }
}
