import { type KernelError } from '@MaiaOS/kernel';

/** Why nothing is sent until something changes, as the second half of the sync line. Never cut short. */
export function refusalWords(error: KernelError | undefined): string {
  if (!error) return 'the relay refuses, and gives no reason';
  switch (error.code) {
    case 'APP_OUTDATED':
      return 'reload to send: a newer Lists is needed';
    case 'SYNC_URL_INVALID':
      return 'the relay’s address cannot be used';
    case 'RELAY_NOT_A_RELAY':
      return 'what answers at the relay’s address is not a relay';
    default:
      return `the relay refuses: ${error.message}`;
  }
}
